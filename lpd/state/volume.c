/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json-file.h"
#include "base/strv.h"
#include "state/results.h"
#include "state/volume.h"

#define VOLUME_RECORD RESULTS_DIRECTORY "/volume"

void volume_record_done(struct volume_record *r) {
    free(r->device);
    free(r->node);
    free(r->type);
    strv_free(r->problems);
    strv_free(r->patches);
    *r = (struct volume_record){};
}

static void add_list(json_object *o, const char *key, char *const *list) {
    json_object *array = json_object_new_array();

    STRV_FOREACH(s, list)
        json_object_array_add(array, json_object_new_string(*s));
    json_object_object_add(o, key, array);
}

int volume_record_write(const struct host *h, const struct volume_record *r) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();

    json_file_add_string(o, "device", r->device);
    json_file_add_string(o, "node", r->node);
    json_file_add_string(o, "type", r->type);
    add_list(o, "problems", r->problems);
    add_list(o, "patches", r->patches);
    return json_file_write_volatile(h, VOLUME_RECORD, o);
}

static int take_list(json_object *array, char ***ret) {
    int r = 0;

    if (!json_object_is_type(array, json_type_array))
        return 0;
    for (size_t i = 0; i < json_object_array_length(array) && r >= 0; i++) {
        json_object *item = json_object_array_get_idx(array, i);

        if (json_object_is_type(item, json_type_string))
            r = strv_extend(ret, json_object_get_string(item));
    }
    return r;
}

int volume_record_read(const struct host *h, struct volume_record *ret) {
    _cleanup_(volume_record_done) struct volume_record record = {};
    _cleanup_(json_object_putp) json_object *o = NULL;
    int r;

    r = json_file_read(h, VOLUME_RECORD, &o);
    if (r >= 0)
        r = json_file_take_string(o, "device", &record.device);
    if (r >= 0)
        r = json_file_take_string(o, "node", &record.node);
    if (r >= 0)
        r = json_file_take_string(o, "type", &record.type);
    if (r >= 0)
        r = take_list(json_object_object_get(o, "problems"), &record.problems);
    if (r >= 0)
        r = take_list(json_object_object_get(o, "patches"), &record.patches);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(record);
    return 0;
}
