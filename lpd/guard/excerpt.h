/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

#define EXCERPT_MAX 2000 /* bytes of text */

/* The lines of a report that tell what happened, for people, without addresses of the kernel. */
struct excerpt {
    size_t size;
    char text[EXCERPT_MAX + 1];
};

/* Adds a line while there is room. The last part is kept for the lines that decide, so that the
 * excerpt always shows them. */
void excerpt_add(struct excerpt *e, const char *line, bool decides);
