/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Which kernel logs of earlier boots have been judged. They stay in pstore for days, and what is
 * known of the builds changes meanwhile, so each is judged only once. */

#define JUDGED_RECORD "/var/lib/lpd/judged.json"

/* CLOCK_REALTIME of the newest one; 0: none. */
uint64_t judged_read(const struct host *h);

/* 0 or a negative errno. */
int judged_write(const struct host *h, uint64_t usec);
