/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

int image_record_write(const struct host *h, const struct image_record *r) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();
    json_object *patches = json_object_new_array();

    json_file_add_string(o, "kernel", r->release);
    for (size_t i = 0; i < r->n_patches; i++)
        json_object_array_add(patches, patch_to_json(r->patches + i));
    json_object_object_add(o, "patches", patches);
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
