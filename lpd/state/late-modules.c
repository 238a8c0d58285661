/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/json-file.h"
#include "base/strv.h"
#include "config/name.h"
#include "state/late-modules.h"

#define BOOT_ID_MAX 64

static void late_boot_done(struct late_boot *b) {
    free(b->id);
    strv_free(b->modules);
    *b = (struct late_boot){};
}

void late_record_done(struct late_record *l) {
    for (size_t i = 0; i < l->n_boots; i++)
        late_boot_done(l->boots + i);
    l->n_boots = 0;
}

static int add_module(struct late_boot *b, const char *name) {
    if (!patch_name_is_valid(name))
        return -EBADMSG;
    if (strv_contains(b->modules, name) || strv_length(b->modules) >= LATE_MODULES_MAX)
        return 0;
    return strv_extend(&b->modules, name);
}

static int boot_from_json(json_object *o, struct late_boot *ret) {
    json_object *id = json_object_object_get(o, "id");
    json_object *modules = json_object_object_get(o, "modules");
    int r = 0;

    if (!json_object_is_type(id, json_type_string) ||
        json_object_get_string_len(id) > BOOT_ID_MAX ||
        !json_object_is_type(modules, json_type_array))
        return -EBADMSG;
    ret->id = strdup(json_object_get_string(id));
    if (!ret->id)
        return -ENOMEM;
    for (size_t i = 0; i < json_object_array_length(modules) && r >= 0; i++) {
        json_object *name = json_object_array_get_idx(modules, i);

        r = json_object_is_type(name, json_type_string)
                ? add_module(ret, json_object_get_string(name))
                : -EBADMSG;
    }
    return r;
}

/* Keeps the last LATE_BOOTS_MAX of them. */
static int record_from_json(json_object *o, struct late_record *l) {
    json_object *boots = json_object_object_get(o, "boots");
    size_t n, first;
    int r = 0;

    if (!json_object_is_type(boots, json_type_array))
        return -EBADMSG;
    n = json_object_array_length(boots);
    first = n > LATE_BOOTS_MAX ? n - LATE_BOOTS_MAX : 0;
    for (size_t i = first; i < n && r >= 0; i++)
        r = boot_from_json(json_object_array_get_idx(boots, i), l->boots + l->n_boots++);
    return r;
}

int late_record_read(const struct host *h, struct late_record *ret) {
    _cleanup_(late_record_done) struct late_record l = {};
    _cleanup_(json_object_putp) json_object *o = NULL;
    int r;

    r = json_file_read(h, LATE_RECORD_PATH, &o);
    if (r == -ENOENT) {
        *ret = l;
        return 0;
    }
    if (r < 0)
        return r == -EFBIG ? -EBADMSG : r;
    r = record_from_json(o, &l);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(l);
    return 0;
}

static json_object *record_to_json(const struct late_record *l) {
    json_object *o = json_object_new_object(), *boots = json_object_new_array();

    for (size_t i = 0; i < l->n_boots; i++) {
        json_object *boot = json_object_new_object(), *modules = json_object_new_array();

        STRV_FOREACH(name, l->boots[i].modules)
            json_object_array_add(modules, json_object_new_string(*name));
        json_object_object_add(boot, "id", json_object_new_string(l->boots[i].id));
        json_object_object_add(boot, "modules", modules);
        json_object_array_add(boots, boot);
    }
    json_object_object_add(o, "boots", boots);
    return o;
}

/* The entry of that boot, created if it does not exist. NULL if memory runs out. */
static struct late_boot *take_boot(struct late_record *l, const char *id) {
    char *copy;

    for (size_t i = 0; i < l->n_boots; i++)
        if (streq(l->boots[i].id, id))
            return l->boots + i;
    copy = strdup(id);
    if (!copy)
        return NULL;
    if (l->n_boots == LATE_BOOTS_MAX) {
        late_boot_done(l->boots);
        memmove(l->boots, l->boots + 1, --l->n_boots * sizeof(l->boots[0]));
    }
    l->boots[l->n_boots] = (struct late_boot){ .id = copy };
    return l->boots + l->n_boots++;
}

int late_record_add(const struct host *h, const char *boot_id, char *const *modules) {
    _cleanup_(late_record_done) struct late_record l = {};
    _cleanup_(json_object_putp) json_object *o = NULL;
    struct late_boot *boot;
    int r;

    if (!*boot_id || strlen(boot_id) > BOOT_ID_MAX)
        return -EINVAL;
    r = late_record_read(h, &l);
    if (r < 0 && r != -EBADMSG)
        return r;
    boot = take_boot(&l, boot_id);
    if (!boot)
        return -ENOMEM;
    r = 0;
    STRV_FOREACH(name, modules)
        if (r >= 0 || r == -EBADMSG)
            r = add_module(boot, *name);
    if (r == -ENOMEM)
        return r;
    o = record_to_json(&l);
    return json_file_write_atomic(h, LATE_RECORD_PATH, o);
}
