/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json-file.h"
#include "state/overrides.h"

static const struct json_field fields[] = {
    { "patch", offsetof(struct override, patch) },
    { "function", offsetof(struct override, function) },
    { "by", offsetof(struct override, by) },
};

int override_record_write(const struct host *h, const struct override_list *l) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();
    json_object *list = json_object_new_array();

    json_object_object_add(o, "overrides", list);
    for (size_t i = 0; i < l->n_overrides; i++) {
        json_object *item = json_object_new_object();

        json_file_add_fields(item, fields, ELEMENTSOF(fields), l->overrides + i);
        json_object_array_add(list, item);
    }
    return json_file_write_volatile(h, OVERRIDES_RECORD, o);
}

int override_record_read(const struct host *h, struct override_list *ret) {
    _cleanup_(override_list_done) struct override_list l = {};
    _cleanup_(json_object_putp) json_object *o = NULL;
    json_object *list;
    int r;

    r = json_file_read(h, OVERRIDES_RECORD, &o);
    if (r < 0)
        return r;
    list = json_object_object_get(o, "overrides");
    if (!json_object_is_type(list, json_type_array))
        return -EBADMSG;
    l.overrides = calloc(json_object_array_length(list) + 1, sizeof(*l.overrides));
    if (!l.overrides)
        return -ENOMEM;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct override *item = l.overrides + l.n_overrides++;

        r = json_file_take_fields(json_object_array_get_idx(list, i), fields, ELEMENTSOF(fields), item);
        if (r < 0)
            return r;
        if (!item->patch || !item->function || !item->by)
            return -EBADMSG;
    }
    *ret = TAKE_STRUCT(l);
    return 0;
}
