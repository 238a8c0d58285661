/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* Messages of the journal about patches: one MESSAGE_ID for each event, each with an entry in
 * conf/lpd.catalog, and the fields LPD_PATCH=, LPD_ACTION=, LPD_RESULT=, LPD_VERDICT=, LPD_STAGE=
 * and LPD_KERNEL= (lpd(8)). */
enum journal_event {
    EVENT_LOADED,
    EVENT_ALREADY_LOADED,
    EVENT_LOAD_FAILED,
    EVENT_REFUSED,
    EVENT_SKIPPED,
    EVENT_TAKEN_OUT, /* the kernel loaded something other than what was checked */
    EVENT_UNLOADED,
    EVENT_UNLOAD_FAILED,
    EVENT_PATCHED,
    EVENT_STALLED,
    EVENT_REVERTED,
    EVENT_PROBE_FAILED,
    EVENT_LEFT,
    EVENT_SWITCHED_OFF, /* a program other than lpd disabled it */
    EVENT_OVERRIDDEN,   /* a tracer decides what its functions return */
    EVENT_NO_LONGER_OVERRIDDEN,
    EVENT_INITRAMFS_STALE,
    EVENT_FAULT,       /* a kernel fault in its code that changes nothing but its confirmation */
    EVENT_QUARANTINED,
    EVENT_CONFIRMED,
    EVENT_LOCKED, /* these two concern no patch: LPD_PATCH= is not set */
    EVENT_LOCK_REFUSED,
    _EVENT_MAX,
};

/* The MESSAGE_ID of an event, and its short name for lpctl log and the documentation. */
const char *journal_event_id(enum journal_event event);
const char *journal_event_name(enum journal_event event);

/* From now on, messages without a journal go to the kernel's log instead of standard error, which
 * is lost in the initramfs. */
void journal_use_kernel_log(void);

/* Sends a message about a patch. If there is no journal, or a person is watching, it goes to
 * standard error. kernel is the running release and may be NULL. */
void journal_send(enum journal_event event, const struct result *result, const char *kernel,
                  const char *fmt, ...) _printf_(4, 5);

/* The process of an event, as the fields LPD_PID=, LPD_COMMAND= and LPD_USER=; fields that are 0
 * or NULL are left out. */
struct journal_process {
    int pid;
    const char *command, *user;
};

/* The same for an event that this process caused. */
void journal_send_about(enum journal_event event, const struct result *result,
                        const struct journal_process *process, const char *fmt, ...) _printf_(4, 5);

/* Sends it only to the journal, for a program that prints its own messages. */
void journal_record(enum journal_event event, const struct result *result, const char *text);

/* The event for a load or unload and its result. */
enum journal_event journal_event_for(const struct result *result, int r);
