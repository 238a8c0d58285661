/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/verbs.h"

/* Prepares text for a terminal: wraps lines to its width, and starts a pager if the text is longer
 * than the screen. Elsewhere text is printed unchanged. */
struct output {
    enum verb_text text;
    bool pager;
    int file;  /* collects the text until output_end(); -EBADF: it is printed at once */
    int saved; /* standard output, saved meanwhile */
};

/* json: the text is JSON and is printed unchanged. */
struct output output_begin(enum verb_text text, bool json, bool pager);
void output_end(struct output *o);
