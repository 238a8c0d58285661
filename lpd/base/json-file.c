/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/json-file.h"
#include "base/strv.h"

int json_file_read(const struct host *h, const char *path, size_t max, json_object **ret) {
    _cleanup_(json_object_putp) json_object *o = NULL;
    _cleanup_free_ char *text = NULL;
    int r;

    r = file_read(h, path, max, &text, NULL);
    if (r < 0)
        return r;
    o = json_tokener_parse(text);
    if (!json_object_is_type(o, json_type_object))
        return -EBADMSG;
    *ret = TAKE_PTR(o);
    return 0;
}

int json_file_write_volatile(const struct host *h, const char *path, json_object *o) {
    _cleanup_free_ char *directory = strndup(path, (size_t) (strrchr(path, '/') - path));
    const char *text;
    size_t size;
    int r;

    if (!directory)
        return -ENOMEM;
    r = file_mkdir_p(h, directory);
    if (r < 0)
        return r;
    text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &size);
    return file_write_volatile(h, path, text, size, 0644);
}

void json_file_add_string(json_object *o, const char *key, const char *s) {
    json_object_object_add(o, key, s ? json_object_new_string(s) : NULL);
}

int json_file_take_string(json_object *o, const char *key, char **ret) {
    json_object *value = json_object_object_get(o, key);

    return json_object_is_type(value, json_type_string) ? string_set(ret, json_object_get_string(value))
                                                        : 0;
}
