/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "report/value.h"

/* Where a column of a table goes. */
enum table_place {
    COLUMN_ALWAYS,
    COLUMN_ROOM,  /* left out first on a narrow terminal */
    COLUMN_WIDE,  /* only in the wide table */
    COLUMN_BELOW, /* long text: on separate lines below the row, or in a column of the wide table */
};

struct table_column {
    const char *title;
    const char *key;
    enum table_place place;
    const char *prefix; /* for COLUMN_BELOW; NULL: none */
};

#define TABLE_COLUMNS_MAX 12

/* Prints the objects of an array as a table to standard output: libsmartcols(3). States are
 * colored on a terminal, unless $NO_COLOR is set. No word is broken. 0 or a negative errno. */
int table_print(json_object *rows, const struct table_column *columns, size_t n_columns, bool legend,
                bool wide);
