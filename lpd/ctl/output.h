/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/verbs.h"

/* Text on its way to a terminal: lines that fit, and a pager for what is longer than the terminal. Elsewhere it is
 * printed as it is. */
struct output {
    enum verb_text text;
    bool pager;
    int file;  /* what is printed until output_end(); -EBADF: nothing is held back */
    int saved; /* the terminal meanwhile */
};

/* json: the text is JSON, which stays as it is. */
struct output output_begin(enum verb_text text, bool json, bool pager);
void output_end(struct output *o);
