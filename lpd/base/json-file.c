/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/json-file.h"
#include "base/strv.h"

int json_file_read(const struct host *h, const char *path, json_object **ret) {
    _cleanup_(json_object_putp) json_object *o = NULL;
    _cleanup_free_ char *text = NULL;
    int r;

    r = file_read(h, path, JSON_FILE_SIZE_MAX, &text, NULL);
    if (r < 0)
        return r;
    o = json_tokener_parse(text);
    if (!json_object_is_type(o, json_type_object))
        return -EBADMSG;
    *ret = TAKE_PTR(o);
    return 0;
}

static int to_text(json_object *o, const char **ret, size_t *ret_size) {
    *ret = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, ret_size);
    if (!*ret)
        return -ENOMEM;
    return *ret_size > JSON_FILE_SIZE_MAX ? -EFBIG : 0;
}

int json_file_write_volatile(const struct host *h, const char *path, json_object *o) {
    _cleanup_free_ char *directory = strndup(path, (size_t) (strrchr(path, '/') - path));
    const char *text;
    size_t size;
    int r;

    if (!directory)
        return -ENOMEM;
    r = to_text(o, &text, &size);
    if (r >= 0)
        r = file_mkdir_p(h, directory);
    return r < 0 ? r : file_write_volatile(h, path, text, size, 0644);
}

int json_file_write_atomic(const struct host *h, const char *path, json_object *o) {
    const char *text;
    size_t size;
    int r;

    r = to_text(o, &text, &size);
    return r < 0 ? r : file_write_atomic(h, path, text, size, 0644);
}

void json_file_add_string(json_object *o, const char *key, const char *s) {
    json_object_object_add(o, key, s ? json_object_new_string(s) : NULL);
}

int json_file_take_string(json_object *o, const char *key, char **ret) {
    json_object *value = json_object_object_get(o, key);

    return json_object_is_type(value, json_type_string)
        ? string_set(ret, json_object_get_string(value))
                                                        : 0;
}

void json_file_add_fields(json_object *o, const struct json_field *fields, size_t n,
                          const void *data) {
    for (size_t i = 0; i < n; i++)
        if (*json_field_of(data, fields + i))
            json_file_add_string(o, fields[i].key, *json_field_of(data, fields + i));
}

int json_file_take_fields(json_object *o, const struct json_field *fields, size_t n, void *data) {
    json_object *value;
    int r = 0;

    for (size_t i = 0; i < n && r >= 0; i++) {
        if (!json_object_object_get_ex(o, fields[i].key, &value))
            continue;
        if (!json_object_is_type(value, json_type_string))
            return -EBADMSG;
        r = string_set(json_field_of(data, fields + i), json_object_get_string(value));
    }
    return r;
}

void json_file_free_fields(const struct json_field *fields, size_t n, void *data) {
    for (size_t i = 0; i < n; i++)
        free(*json_field_of(data, fields + i));
}
