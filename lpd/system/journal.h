/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* What happens to patches, as messages of the journal: one MESSAGE_ID an event, each with an entry
 * in conf/lpd.catalog, and the fields LPD_PATCH=, LPD_ACTION=, LPD_RESULT=, LPD_VERDICT=,
 * LPD_STAGE= and LPD_KERNEL= (lpd(8)). */
enum journal_event {
    EVENT_LOADED,
    EVENT_ALREADY_LOADED,
    EVENT_LOAD_FAILED,
    EVENT_REFUSED,
    EVENT_SKIPPED,
    EVENT_TAKEN_OUT, /* the kernel had it, but it was not what had been checked */
    EVENT_UNLOADED,
    EVENT_UNLOAD_FAILED,
    EVENT_PATCHED,
    EVENT_STALLED,
    EVENT_REVERTED,
    EVENT_PROBE_FAILED,
    EVENT_LEFT,
    EVENT_SWITCHED_OFF, /* by somebody else */
    EVENT_INITRAMFS_STALE,
    EVENT_LOCKED, /* these two are about no patch: LPD_PATCH= is missing */
    EVENT_LOCK_REFUSED,
    _EVENT_MAX,
};

/* The MESSAGE_ID of an event, and a short name for lpctl log and the documentation. */
const char *journal_event_id(enum journal_event event);
const char *journal_event_name(enum journal_event event);

/* From now on what no journal listens to goes to the kernel's log instead of standard error: in the
 * initramfs nobody keeps the latter. */
void journal_use_kernel_log(void);

/* Sends a message about a patch. Where no journal listens, or a person watches, it goes to standard
 * error. kernel is the running release and may be NULL. */
void journal_send(enum journal_event event, const struct result *result, const char *kernel,
                  const char *fmt, ...) _printf_(4, 5);

/* A process that an event is about, as the fields LPD_PID=, LPD_COMMAND= and LPD_USER=; what is 0
 * or NULL is left out. */
struct journal_process {
    int pid;
    const char *command, *user;
};

/* Likewise, about what that process did. */
void journal_send_about(enum journal_event event, const struct result *result,
                        const struct journal_process *process, const char *fmt, ...) _printf_(4, 5);

/* Sends it to the journal alone, for a program that prints what it did itself. */
void journal_record(enum journal_event event, const struct result *result, const char *text);

/* The event that a load or unload, and what became of it, amounts to. */
enum journal_event journal_event_for(const struct result *result, int r);
