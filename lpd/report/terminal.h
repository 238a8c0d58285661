/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "base/macro.h"

/* What standard output is, and text that fits it. */

/* Columns of the terminal on standard output, or what $COLUMNS says of it; 0 if it is no terminal.
 * Looked up once, so that the answer also holds when a pager or a file has taken the terminal's place. */
unsigned terminal_columns(void);

/* Whether colours are wanted: on a terminal, unless $NO_COLOR is set. */
bool colors_wanted(void);

/* Columns that a line of text takes; escape sequences take none. */
size_t text_width(const char *s);

/* Prints a line, and a newline. Where it is wider than columns (0: no limit) it goes on at a blank, the rest
 * indented by hang. A word that is wider than a line stays whole. */
void text_print_wrapped(FILE *f, const char *line, unsigned columns, size_t hang);

/* The same for each line of a text. A line goes on where its own text began: behind its indentation, or
 * behind the words that are set apart by two blanks or more. */
void text_print_fitting(FILE *f, const char *text, unsigned columns);
