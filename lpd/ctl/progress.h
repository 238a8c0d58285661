/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"

/* Work that takes longer than two seconds is announced on standard error: updated in place on a
 * terminal, otherwise line by line. Nothing is printed with --quiet, nor with --json= unless
 * standard error is a terminal. */

/* Announces the current work; NULL ends the announcement. */
void progress_say(struct ctl *c, const char *fmt, ...) _printf_(2, 3);

/* Stops the progress thread. NULL is allowed. */
void progress_free(struct progress *p);
