/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "base/macro.h"

/* Properties of standard output, and text that fits its width. */

/* Columns of the terminal on standard output, or $COLUMNS; 0 if it is not a terminal. Determined
 * once, so that the result stays the same when standard output is redirected to a pager. */
unsigned terminal_columns(void);

/* Whether to use colors: on a terminal, unless $NO_COLOR is set. */
bool colors_wanted(void);

/* Columns that a line of text takes; escape sequences take none. */
size_t text_width(const char *s);

/* Prints a line, and a newline. If it is wider than columns (0: no limit) it wraps at blanks, and
 * the rest is indented by hang. A word that is wider than a line is not broken. */
void text_print_wrapped(FILE *f, const char *line, unsigned columns, size_t hang);

/* The same for each line of a text. A line continues below its own text: after its indentation, or
 * after words that two or more blanks separate. */
void text_print_fitting(FILE *f, const char *text, unsigned columns);
