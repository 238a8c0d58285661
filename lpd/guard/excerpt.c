/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/excerpt.h"

#define LINE_MAX_BYTES 200
#define DECIDING_LINES 3

void excerpt_add(struct excerpt *e, const char *line, bool decides) {
    size_t n = strnlen(line, LINE_MAX_BYTES);
    size_t room = EXCERPT_MAX - (decides ? 0 : DECIDING_LINES * (LINE_MAX_BYTES + 1));

    if (e->size + n + 1 > room)
        return;
    memcpy(e->text + e->size, line, n);
    e->size += n;
    e->text[e->size++] = '\n';
    e->text[e->size] = '\0';
}
