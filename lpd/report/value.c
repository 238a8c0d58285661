/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsmartcols.h>
#include <stdio.h>
#include <time.h>

#include "base/strv.h"
#include "base/utf8.h"
#include "report/value.h"

DEFINE_TRIVIAL_CLEANUP_FUNC(struct libscols_table *, scols_unref_table)

/* Names of files are any bytes, but JSON is UTF-8 and a terminal obeys control characters. */
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

static char *time_text(uint64_t usec) {
    time_t t = (time_t) (usec / USEC_PER_SEC);
    char text[sizeof("2026-01-31 12:34:56")];
    struct tm tm;

    if (!localtime_r(&t, &tm) || strftime(text, sizeof(text), "%F %T", &tm) == 0)
        return strdup("-");
    return strdup(text);
}

/* Those that json_add_time() is called for. */
static bool is_time(const char *key) {
    return streq(key, "since") || streq(key, "last");
}

char *value_text(json_object *o, const char *key) {
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
            return time_text(json_object_get_uint64(v));
        return strdup(json_object_get_string(v));
    }
}

bool colors_wanted(void) {
    const char *no_color = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && (!no_color || !*no_color);
}

static const char *color_for(const char *key, const char *text) {
    static const struct {
        const char *text, *color;
    } colors[] = {
        { "active", "green" },   { "transition", "yellow" }, { "failed", "red" },
        { "refused", "red" },    { "absent", "yellow" },     { "quarantined", "red" },
        { "load", "green" },     { "fail", "red" },          { "unload", "yellow" },
    };

    if (!streq(key, "state") && !streq(key, "action"))
        return NULL;
    for (size_t i = 0; i < ELEMENTSOF(colors); i++)
        if (streq(colors[i].text, text))
            return colors[i].color;
    return NULL;
}

static int add_row(struct libscols_table *table, json_object *row, const struct table_column *columns,
                   size_t n_columns) {
    struct libscols_line *line = scols_table_new_line(table, NULL);
    int r = line ? 0 : -ENOMEM;

    for (size_t i = 0; i < n_columns && r >= 0; i++) {
        char *text = value_text(row, columns[i].key);
        const char *color = text ? color_for(columns[i].key, text) : NULL;

        r = text ? scols_line_refer_data(line, i, text) : -ENOMEM;
        if (r >= 0 && color)
            r = scols_cell_set_color(scols_line_get_cell(line, i), color);
    }
    return r;
}

int table_print(json_object *rows, const struct table_column *columns, size_t n_columns,
                bool legend) {
    _cleanup_(scols_unref_tablep) struct libscols_table *table = scols_new_table();
    int r = table ? 0 : -ENOMEM;

    if (r < 0)
        return r;
    (void) scols_table_enable_colors(table, colors_wanted());
    (void) scols_table_enable_noheadings(table, !legend);
    for (size_t i = 0; i < n_columns && r >= 0; i++) {
        bool last = i + 1 == n_columns;

        if (!scols_table_new_column(table, columns[i].title, 0, last ? SCOLS_FL_WRAP : 0))
            r = -ENOMEM;
    }
    for (size_t i = 0; i < json_object_array_length(rows) && r >= 0; i++)
        r = add_row(table, json_object_array_get_idx(rows, i), columns, n_columns);
    return r < 0 ? r : scols_print_table(table);
}
