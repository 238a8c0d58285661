/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "state/ledger.h"
#include "system/pstore.h"

/* The evidence that earlier boots have left in pstore, and what follows for the builds in the
 * ledger.
 *
 * A log names modules, and several builds of one module may be known. The one that counts is the
 * one that was loaded last before the log ended: on trial, the time of its newest attempt tells
 * that, confirmed or quarantined, the time of its state. A build on trial without an attempt of
 * another boot was not loaded. Clocks may be wrong: times that contradict each other blame
 * nobody. */

/* When the build was loaded last, as far as the ledger tells, before a log that ended at that time;
 * 0: it was not, or only in this boot. Pure. */
uint64_t judge_loaded_usec(const struct ledger_build *b, uint64_t end_usec, const char *boot_id);

/* Whether a report in the log is of the kernel of that release: "CPU: 0 PID: 1 Comm: … RELEASE #1",
 * dump_stack_print_info() in lib/dump_stack.c. -ENODATA: no report tells, as its beginning was cut off.
 * Pure. */
int judge_log_is_of(const struct pstore_dump *d, const char *release);

/* Puts the indices of the builds that the log can be about into ret, which has room for all: at
 * most one for each module. Returns their number. Pure. */
size_t judge_candidates(const struct ledger_list *l, const struct pstore_dump *d, const char *boot_id,
                        size_t *ret);

/* The latest time, on CLOCK_REALTIME, at which a line of the log with that stamp can have been
 * written; 0: it has none. A log may begin long before the load of the build that ended it. Pure. */
uint64_t judge_fault_usec(const struct pstore_dump *d, uint64_t stamp_usec);

/* Judges the logs in pstore that were not judged before, takes back the attempts of other builds in a
 * boot that a build on trial is known to have ended, quarantines builds with MaxAttempts= crashes,
 * writes the ledger, and sends the events. Removes nothing. Returns how many builds were blamed, or a
 * negative errno with e if the ledger cannot be read, or not everything could be written. */
int judge_earlier_boots(struct host *h, struct error *e);
