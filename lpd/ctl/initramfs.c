/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "config/name.h"
#include "ctl/ctl.h"
#include "initramfs/files.h"
#include "initramfs/ledger.h"
#include "state/image.h"

/* lpctl initramfs-files: lists what the hooks of initramfs-tools, dracut and mkinitcpio copy. */

static int find_release(struct ctl *c, char **ret, struct error *e) {
    int r;

    r = c->kernel ? string_set(ret, c->kernel) : c->host.ops->release(&c->host, ret);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return error_hint(e, error_set(e, r, EXIT_STATUS_USAGE, "no kernel is running there, so "
                                                                "its release is unknown"),
                          "give the release: --kernel=");
    return ctl_check_release(*ret, e);
}

static void add_files(json_object *files, const char *kind, char *const *paths) {
    STRV_FOREACH(path, paths) {
        json_object *o = json_object_new_object();

        json_add_string(o, "kind", kind);
        json_add_string(o, "path", *path);
        json_object_array_add(files, o);
    }
}

static void add_names(json_object *o, const struct initramfs_files *f) {
    json_object *names = json_object_new_array();

    for (size_t i = 0; i < f->n_patches; i++)
        json_object_array_add(names, json_object_new_string(f->patches[i].name));
    json_object_object_add(o, "patches", names);
}

/* For lpctl status, and for the initramfs itself, which reads there where its ledger is. An image can
 * always be built, so a failure is no more than a warning. */
static int record_image(struct ctl *c, const char *release, struct initramfs_files *f, int r) {
    struct image_record record = { .release = (char *) release, .patches = f->patches,
                                   .n_patches = f->n_patches };
    _cleanup_free_ char *place = NULL;
    char *text;
    int k;

    if (initramfs_ledger_settle(&c->host, f, &place) < 0)
        return -ENOMEM;
    record.ledger = place;
    k = r >= 0 ? image_record_write_built(&c->host, &record) : image_record_forget_built(&c->host, release);
    if (k >= 0)
        return initramfs_ledger_add(&c->host, release, place, f);
    if (asprintf(&text, "what the image contains cannot be recorded: %s (" IMAGE_RECORDS "/%s.json)", strerror(-k),
                 release) < 0)
        return -ENOMEM;
    return strv_consume(&f->warnings, text);
}

int ctl_initramfs_files(struct ctl *c, char **argv _unused_, struct error *e) {
    _cleanup_(initramfs_files_done) struct initramfs_files f = {};
    json_object *files = json_object_new_array();
    _cleanup_free_ char *release = NULL;
    int r;

    c->value = value_new();
    json_object_object_add(c->value, "files", files);
    r = find_release(c, &release, e);
    if (r >= 0)
        r = initramfs_files_find(&c->host, release, &f, e);
    if (c->record && release) {
        int k = record_image(c, release, &f, r);

        (void) RET_GATHER(r, k);
    }
    json_add_string(c->value, "kernel", release);
    add_names(c->value, &f);
    json_add_list(c->value, "warnings", f.warnings);
    add_files(files, "program", f.programs);
    add_files(files, "file", f.files);
    json_add_list(c->value, "kernelModules", f.kernel_modules);
    return r;
}

/* Warnings go to standard error for the user who watches the build; standard output is for the
 * hook. */
void print_initramfs_files(const struct ctl *c) {
    json_object *files = json_object_object_get(c->value, "files");
    json_object *modules = json_object_object_get(c->value, "kernelModules");
    json_object *warnings = json_object_object_get(c->value, "warnings");

    for (size_t i = 0; i < json_object_array_length(files); i++) {
        json_object *o = json_object_array_get_idx(files, i);

        printf("%s %s\n", value_get(o, "kind"), value_get(o, "path"));
    }
    for (size_t i = 0; modules && i < json_object_array_length(modules); i++)
        printf("kernel-module %s\n", json_object_get_string(json_object_array_get_idx(modules, i)));
    for (size_t i = 0; warnings && i < json_object_array_length(warnings); i++)
        fprintf(stderr, "lpctl: %s\n",
                json_object_get_string(json_object_array_get_idx(warnings, i)));
}
