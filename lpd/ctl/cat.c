/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "config/manifest.h"
#include "ctl/ctl.h"

/* lpctl cat: prints the files that make up a manifest, unchanged. */

#define FILE_SIZE_MAX (1024 * 1024)

/* For a module that Adopt= names. */
#define DEFAULT_MANIFEST "# This module has no manifest: the default of each key holds.\n"

static void add_file(json_object *files, const char *path, const char *data, size_t size) {
    _cleanup_free_ char *text = strndup(data, size);
    json_object *o = json_object_new_object();

    json_add_string(o, "path", path);
    json_object_object_add(o, "text", text ? json_object_new_string(utf8_make_printable_text(text)) : NULL);
    json_object_array_add(files, o);
}

/* A broken manifest does not tell which drop-ins belong to it, so only the file itself is
 * printed. */
static int add_broken(struct ctl *c, json_object *files, const struct manifest_entry *entry, struct error *e) {
    _cleanup_free_ char *data = NULL;
    size_t size;

    if (file_read(&c->host, entry->path, FILE_SIZE_MAX, &data, &size) >= 0)
        add_file(files, entry->path, data, size);
    return error_set(e, entry->error_number, entry->error.exit_status, "%s",
                     error_message(&entry->error, entry->error_number));
}

static int cat_one(struct ctl *c, json_object *files, const char *name, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    _cleanup_free_ char *spelled = NULL;
    const struct manifest *m;
    int r;

    r = ctl_check_name(name, e);
    if (r >= 0)
        r = ctl_spell(c, name, &spelled);
    if (r >= 0)
        r = manifest_list_load_one(&c->host, spelled, &l, e);
    if (r == -ENOENT)
        return ctl_no_patch(c, name, e);
    if (r < 0)
        return r;
    if (l.entries->error_number < 0)
        return add_broken(c, files, l.entries, e);
    m = &l.entries->manifest;
    if (m->by_default)
        add_file(files, m->path, DEFAULT_MANIFEST, STRLEN(DEFAULT_MANIFEST));
    for (size_t i = 0; i < m->n_sources; i++)
        add_file(files, m->sources[i].path, m->sources[i].data, m->sources[i].size);
    return 0;
}

int ctl_cat(struct ctl *c, char **argv, struct error *e) {
    json_object *files = json_object_new_array();
    int r = 0;

    c->value = value_new();
    json_object_object_add(c->value, "files", files);
    for (; *argv && r >= 0; argv++)
        r = cat_one(c, files, *argv, e);
    return r;
}

void print_cat(const struct ctl *c) {
    json_object *files = json_object_object_get(c->value, "files");

    for (size_t i = 0; i < json_object_array_length(files); i++) {
        json_object *o = json_object_array_get_idx(files, i);
        const char *text = strempty(value_get(o, "text"));

        if (c->legend)
            printf("%s# %s\n", i > 0 ? "\n" : "", value_get(o, "path"));
        printf("%s%s", text, *text && !endswith(text, "\n") ? "\n" : "");
    }
}
