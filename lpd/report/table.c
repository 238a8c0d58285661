/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsmartcols.h>
#include <stdio.h>

#include "report/table.h"
#include "report/terminal.h"

/* libsmartcols makes columns as wide as their cells, and breaks words to make a table fit. So the
 * columns are chosen beforehand, and long text is printed separately. */

#define BELOW_INDENT 4

/* The last column of a wide table wraps if at least this much room is left for it. */
#define LAST_COLUMN_MIN 24

DEFINE_TRIVIAL_CLEANUP_FUNC(struct libscols_table *, scols_unref_table)

struct layout {
    const struct table_column *columns[TABLE_COLUMNS_MAX];
    size_t widths[TABLE_COLUMNS_MAX];
    size_t n;
};

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

static int measure(json_object *rows, const struct table_column *column, bool legend, size_t *ret) {
    size_t width = legend ? text_width(column->title) : 0;

    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        _cleanup_free_ char *text = value_text_brief(json_object_array_get_idx(rows, i), column->key);

        if (!text)
            return -ENOMEM;
        width = MAX(width, text_width(text));
    }
    *ret = width;
    return 0;
}

static size_t total_width(const struct layout *l) {
    size_t total = 0;

    for (size_t i = 0; i < l->n; i++)
        total += l->widths[i] + (i > 0);
    return total;
}

/* Leaves out the last optional column. */
static bool drop_column(struct layout *l) {
    for (size_t i = l->n; i-- > 0;) {
        if (l->columns[i]->place != COLUMN_ROOM)
            continue;
        memmove(l->columns + i, l->columns + i + 1, (l->n - i - 1) * sizeof(*l->columns));
        memmove(l->widths + i, l->widths + i + 1, (l->n - i - 1) * sizeof(*l->widths));
        l->n--;
        return true;
    }
    return false;
}

static int choose_columns(json_object *rows, const struct table_column *columns, size_t n_columns, bool legend,
                          bool wide, struct layout *ret) {
    int r;

    for (size_t i = 0; i < MIN(n_columns, (size_t) TABLE_COLUMNS_MAX); i++) {
        if (!wide && (columns[i].place == COLUMN_WIDE || columns[i].place == COLUMN_BELOW))
            continue;
        r = measure(rows, columns + i, legend, ret->widths + ret->n);
        if (r < 0)
            return r;
        ret->columns[ret->n++] = columns + i;
    }
    while (!wide && terminal_columns() > 0 && total_width(ret) > terminal_columns() && drop_column(ret))
        ;
    return 0;
}

static int add_row(struct libscols_table *table, json_object *row, const struct layout *l) {
    struct libscols_line *line = scols_table_new_line(table, NULL);
    int r = line ? 0 : -ENOMEM;

    for (size_t i = 0; i < l->n && r >= 0; i++) {
        char *text = value_text_brief(row, l->columns[i]->key);
        const char *color = text ? color_for(l->columns[i]->key, text) : NULL;

        r = text ? scols_line_refer_data(line, i, text) : -ENOMEM;
        if (r >= 0 && color)
            r = scols_cell_set_color(scols_line_get_cell(line, i), color);
    }
    return r;
}

/* Draws one line for each row, and one for the titles. */
static int draw(json_object *rows, const struct layout *l, bool legend, char **ret) {
    _cleanup_(scols_unref_tablep) struct libscols_table *table = scols_new_table();
    int r = table ? 0 : -ENOMEM;

    if (r < 0)
        return r;
    (void) scols_table_enable_colors(table, colors_wanted());
    (void) scols_table_enable_noheadings(table, !legend);
    for (size_t i = 0; i < l->n && r >= 0; i++)
        if (!scols_table_new_column(table, l->columns[i]->title, 0, 0))
            r = -ENOMEM;
    for (size_t i = 0; i < json_object_array_length(rows) && r >= 0; i++)
        r = add_row(table, json_object_array_get_idx(rows, i), l);
    return r < 0 ? r : scols_print_table_to_string(table, ret);
}

static void print_below(json_object *row, const struct table_column *column) {
    _cleanup_free_ char *text = value_text(row, column->key), *line = NULL;

    if (!text || streq(text, "-") || streq(text, ""))
        return;
    if (asprintf(&line, "%*s%s%s", BELOW_INDENT, "", column->prefix ?: "", text) >= 0)
        text_print_wrapped(stdout, line, terminal_columns(), BELOW_INDENT);
}

int table_print(json_object *rows, const struct table_column *columns, size_t n_columns, bool legend,
                bool wide) {
    _cleanup_free_ char *drawn = NULL;
    struct layout l = {};
    unsigned width = terminal_columns();
    size_t last, n = 0;
    int r;

    r = choose_columns(rows, columns, n_columns, legend, wide, &l);
    if (r >= 0 && l.n > 0)
        r = draw(rows, &l, legend, &drawn);
    if (r < 0 || !drawn)
        return r;
    last = total_width(&l) - l.widths[l.n - 1];
    for (char *line = drawn, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        text_print_wrapped(stdout, line, last + LAST_COLUMN_MIN <= width ? width : 0, last);
        if (legend && line == drawn)
            continue;
        for (size_t i = 0; !wide && i < n_columns; i++)
            if (columns[i].place == COLUMN_BELOW)
                print_below(json_object_array_get_idx(rows, n), columns + i);
        n++;
    }
    return 0;
}
