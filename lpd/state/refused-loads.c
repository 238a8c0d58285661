/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json-file.h"
#include "base/strv.h"
#include "state/refused-loads.h"


void refused_loads_record_done(struct refused_loads_record *r) {
    free(r->command);
    strv_free(r->requested);
    strv_free(r->requested_by_users);
    *r = (struct refused_loads_record){};
}

static json_object *requested_to_json(char **names) {
    json_object *list = json_object_new_array();

    STRV_FOREACH(name, names)
        json_object_array_add(list, json_object_new_string(*name));
    return list;
}

int refused_loads_record_write(const struct host *h, const struct refused_loads_record *r) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();

    json_object_object_add(o, "count", json_object_new_uint64(r->count));
    json_object_object_add(o, "last", json_object_new_uint64(r->last_usec));
    if (r->command)
        json_file_add_string(o, "command", r->command);
    json_object_object_add(o, "uid", json_object_new_int64(r->uid));
    json_object_object_add(o, "requested", requested_to_json(r->requested));
    json_object_object_add(o, "requestedByUsers", requested_to_json(r->requested_by_users));
    return json_file_write_volatile(h, REFUSED_LOADS_RECORD, o);
}

static int requested_from_json(json_object *o, const char *key, char ***ret) {
    json_object *list = json_object_object_get(o, key);
    size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    int r = 0;

    for (size_t i = 0; i < n && i < REFUSED_NAMES_MAX && r >= 0; i++) {
        json_object *item = json_object_array_get_idx(list, i);

        r = json_object_is_type(item, json_type_string)
            ? strv_extend(ret, json_object_get_string(item))
                                                        : -EBADMSG;
    }
    return r;
}

int refused_loads_record_read(const struct host *h, struct refused_loads_record *ret) {
    _cleanup_(refused_loads_record_done) struct refused_loads_record record = {};
    _cleanup_(json_object_putp) json_object *o = NULL;
    int r;

    r = json_file_read(h, REFUSED_LOADS_RECORD, &o);
    if (r < 0)
        return r;
    if (!json_object_is_type(json_object_object_get(o, "count"), json_type_int))
        return -EBADMSG;
    record.count = json_object_get_uint64(json_object_object_get(o, "count"));
    record.uid = json_object_get_int64(json_object_object_get(o, "uid"));
    record.last_usec = json_object_get_uint64(json_object_object_get(o, "last"));
    r = json_file_take_string(o, "command", &record.command);
    if (r >= 0)
        r = requested_from_json(o, "requested", &record.requested);
    if (r >= 0)
        r = requested_from_json(o, "requestedByUsers", &record.requested_by_users);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(record);
    return 0;
}
