/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/strv.h"
#include "base/utf8.h"
#include "report/value.h"

/* File names may contain any bytes, but JSON is UTF-8, and a terminal interprets control
 * characters. */
static json_object *string_value(const char *s) {
    _cleanup_free_ char *copy = s ? strdup(s) : NULL;

    return copy ? json_object_new_string(utf8_make_printable(copy)) : NULL;
}

void json_add_string(json_object *o, const char *key, const char *s) {
    json_object_object_add(o, key, string_value(s));
}

void json_add_bool(json_object *o, const char *key, bool b) {
    json_object_object_add(o, key, json_object_new_boolean(b));
}

void json_add_tristate(json_object *o, const char *key, int t) {
    json_object_object_add(o, key, t < 0 ? NULL : json_object_new_boolean(t > 0));
}

void json_add_number(json_object *o, const char *key, int64_t n) {
    json_object_object_add(o, key, json_object_new_int64(n));
}

void json_add_time(json_object *o, const char *key, uint64_t usec) {
    json_object_object_add(o, key, usec == 0 ? NULL : json_object_new_uint64(usec));
}

void json_add_list(json_object *o, const char *key, char *const *l) {
    json_object *array = json_object_new_array();

    STRV_FOREACH(s, l)
        json_object_array_add(array, string_value(*s));
    json_object_object_add(o, key, array);
}

json_object *json_add_object(json_object *o, const char *key) {
    json_object *child = json_object_new_object();

    json_object_object_add(o, key, child);
    return child;
}

json_object *json_add_array(json_object *o, const char *key) {
    json_object *child = json_object_new_array();

    json_object_object_add(o, key, child);
    return child;
}

json_object *json_append_object(json_object *array) {
    json_object *child = json_object_new_object();

    json_object_array_add(array, child);
    return child;
}

json_object *value_new(void) {
    json_object *o = json_object_new_object();

    json_add_number(o, "schemaVersion", 1);
    return o;
}

const char *value_get(json_object *o, const char *key) {
    json_object *v = json_object_object_get(o, key);

    return v && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

static char *list_text(json_object *array) {
    _cleanup_strv_free_ char **words = NULL;

    for (size_t i = 0; i < json_object_array_length(array); i++)
        if (strv_extend(&words, json_object_get_string(json_object_array_get_idx(array, i))) < 0)
            return NULL;
    return words ? strv_join(words, " ") : strdup("-");
}

/* "3min ago", as in systemctl(1), but with one unit. 1; or 0 if that time is in the future. */
static int ago_text(uint64_t usec, char **ret) {
    static const struct {
        uint64_t from, size; /* seconds */
        const char *name;
    } units[] = {
        { 730 * 86400, 365 * 86400, "y" }, { 14 * 86400, 7 * 86400, " weeks" }, { 2 * 86400, 86400, " days" },
        { 3600, 3600, "h" },               { 60, 60, "min" },                   { 0, 1, "s" },
    };
    uint64_t now = (uint64_t) time(NULL), then = usec / USEC_PER_SEC;
    size_t i = 0;

    if (then > now)
        return 0;
    while (now - then < units[i].from)
        i++;
    return asprintf(ret, "%" PRIu64 "%s ago", (now - then) / units[i].size, units[i].name) < 0 ? -ENOMEM : 1;
}

static char *date_text(uint64_t usec) {
    time_t t = (time_t) (usec / USEC_PER_SEC);
    char text[sizeof("2026-01-31 12:34:56")];
    struct tm tm;

    if (!localtime_r(&t, &tm) || strftime(text, sizeof(text), "%F %T", &tm) == 0)
        return strdup("-");
    return strdup(text);
}

static char *time_text(uint64_t usec, bool brief) {
    _cleanup_free_ char *ago = NULL, *date = NULL;
    char *both;
    int r;

    r = ago_text(usec, &ago);
    if (brief && r > 0)
        return TAKE_PTR(ago);
    date = date_text(usec);
    if (r <= 0 || !date)
        return TAKE_PTR(date);
    return asprintf(&both, "%s (%s)", date, ago) < 0 ? NULL : both;
}

/* The fields set by json_add_time(). */
static bool is_time(const char *key) {
    return streq(key, "since") || streq(key, "last") || streq(key, "time");
}

static char *field_text(json_object *o, const char *key, bool brief) {
    json_object *v = json_object_object_get(o, key);

    switch (v ? json_object_get_type(v) : json_type_null) {
    case json_type_null:
        return strdup("-");
    case json_type_boolean:
        return strdup(yes_no(json_object_get_boolean(v)));
    case json_type_array:
        return list_text(v);
    default:
        if (is_time(key))
            return time_text(json_object_get_uint64(v), brief);
        return strdup(json_object_get_string(v));
    }
}

char *value_text(json_object *o, const char *key) {
    return field_text(o, key, /* brief= */ false);
}

char *value_text_brief(json_object *o, const char *key) {
    return field_text(o, key, /* brief= */ true);
}
