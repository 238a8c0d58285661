/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"

/* What takes longer than two seconds says on standard error what it does: in place on a terminal, else line by
 * line. Nothing with --quiet, and nothing with --json= unless somebody watches. */

/* Says what is done from now on; NULL: nothing that takes time. */
void progress_say(struct ctl *c, const char *fmt, ...) _printf_(2, 3);

/* Ends it. NULL is fine. */
void progress_free(struct progress *p);
