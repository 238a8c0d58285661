/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/json-file.h"
#include "config/name.h"
#include "state/image.h"

void image_patch_done(struct image_patch *p) {
    free(p->name);
    free(p->sha256);
    free(p->build_id);
}

void image_record_done(struct image_record *r) {
    for (size_t i = 0; i < r->n_patches; i++)
        image_patch_done(r->patches + i);
    free(r->patches);
    free(r->release);
    free(r->ledger);
    *r = (struct image_record){};
}

static json_object *patch_to_json(const struct image_patch *p) {
    json_object *o = json_object_new_object();

    json_file_add_string(o, "name", p->name);
    json_file_add_string(o, "sha256", p->sha256);
    json_file_add_string(o, "buildId", p->build_id);
    json_object_object_add(o, "unread", json_object_new_boolean(p->unread));
    return o;
}

static json_object *record_to_json(const struct image_record *r) {
    json_object *o = json_object_new_object(), *patches = json_object_new_array();

    json_file_add_string(o, "kernel", r->release);
    json_file_add_string(o, "ledger", r->ledger);
    for (size_t i = 0; i < r->n_patches; i++)
        json_object_array_add(patches, patch_to_json(r->patches + i));
    json_object_object_add(o, "patches", patches);
    return o;
}

int image_record_write(const struct host *h, const struct image_record *r) {
    _cleanup_(json_object_putp) json_object *o = record_to_json(r);

    return json_file_write_volatile(h, IMAGE_RECORD, o);
}

static int take_patch(json_object *o, struct image_record *r) {
    struct image_patch *p = r->patches + r->n_patches++;
    int k;

    if (!json_object_is_type(o, json_type_object))
        return -EBADMSG;
    k = json_file_take_string(o, "name", &p->name);
    if (k >= 0)
        k = json_file_take_string(o, "sha256", &p->sha256);
    if (k >= 0)
        k = json_file_take_string(o, "buildId", &p->build_id);
    p->unread = json_object_get_boolean(json_object_object_get(o, "unread"));
    return k < 0 ? k : p->name && patch_name_is_valid(p->name) ? 0 : -EBADMSG;
}

static int record_from_json(json_object *o, struct image_record *ret) {
    _cleanup_(image_record_done) struct image_record record = {};
    json_object *patches;
    size_t n;
    int r;

    patches = json_object_object_get(o, "patches");
    if (!json_object_is_type(patches, json_type_array))
        return -EBADMSG;
    n = json_object_array_length(patches);
    record.patches = calloc(n + 1, sizeof(*record.patches));
    r = record.patches ? json_file_take_string(o, "kernel", &record.release) : -ENOMEM;
    if (r >= 0)
        r = json_file_take_string(o, "ledger", &record.ledger);
    for (size_t i = 0; i < n && r >= 0; i++)
        r = take_patch(json_object_array_get_idx(patches, i), &record);
    if (r < 0)
        return r;
    if (!record.release)
        return -EBADMSG;
    *ret = TAKE_STRUCT(record);
    return 0;
}

int image_record_read(const struct host *h, struct image_record *ret) {
    _cleanup_(json_object_putp) json_object *o = NULL;
    int r;

    r = json_file_read(h, IMAGE_RECORD, &o);
    return r < 0 ? r : record_from_json(o, ret);
}

static char *path_of_built(const char *release) {
    char *path;

    return asprintf(&path, IMAGE_RECORDS "/%s.json", release) < 0 ? NULL : path;
}

int image_record_write_built(const struct host *h, const struct image_record *r) {
    _cleanup_(json_object_putp) json_object *o = record_to_json(r);
    _cleanup_free_ char *path = path_of_built(r->release);
    int k;

    if (!path)
        return -ENOMEM;
    /* Without this directory /var may not be mounted, and it must not look as if it were. */
    if (!file_exists(h, "/var/lib/lpd"))
        return 0;
    k = file_mkdir_p(h, IMAGE_RECORDS);
    return k < 0 ? k : json_file_write_atomic(h, path, o);
}

int image_record_forget_built(const struct host *h, const char *release) {
    _cleanup_free_ char *path = path_of_built(release);
    int k;

    k = path ? file_unlink(h, path) : -ENOMEM;
    return k == -ENOENT || k == -ENOTDIR ? 0 : k;
}

int image_record_read_built(const struct host *h, const char *release, struct image_record *ret,
                            uint64_t *ret_usec) {
    _cleanup_(image_record_done) struct image_record record = {};
    _cleanup_(json_object_putp) json_object *o = NULL;
    _cleanup_free_ char *path = path_of_built(release);
    struct stat st;
    int k;

    k = path ? json_file_read(h, path, &o) : -ENOMEM;
    if (k >= 0)
        k = file_lstat(h, path, &st);
    if (k >= 0)
        k = record_from_json(o, &record);
    if (k < 0)
        return k;
    if (!streq(record.release, release))
        return -EBADMSG;
    *ret_usec = (uint64_t) st.st_mtim.tv_sec * USEC_PER_SEC + (uint64_t) st.st_mtim.tv_nsec / 1000;
    *ret = TAKE_STRUCT(record);
    return 0;
}
