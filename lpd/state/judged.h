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

/* The time, in this boot's kernel log, of the newest fault that lpd.service has told of: it reads the log
 * from the beginning when it starts again. 0: none. */
#define FAULTS_TOLD "/run/lpd/faults-told"

uint64_t faults_told_read(const struct host *h);
int faults_told_write(const struct host *h, uint64_t usec);
