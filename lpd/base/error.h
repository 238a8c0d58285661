/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/exit-status.h"
#include "base/macro.h"

/* What an error number cannot express: the thing, the reason, and the way out. Library functions
 * return a negative errno and describe it here; only the programs print it. */
struct error {
    enum exit_status exit_status;
    char *message; /* names the thing and the reason, no trailing full stop */
    char *hint;    /* the way out, or NULL */
    struct error *more; /* further faults of the same thing, or NULL */
};

/* More faults than this would help no one. */
#define ERROR_FAULTS_MAX 100

#define ERROR_NULL ((struct error){ .exit_status = EXIT_STATUS_FAILED })

/* Describes a failure and replaces an earlier description. @e may be NULL. Returns r, so that
 * "return error_set(e, -EINVAL, …)" reads well. If memory runs out the message stays NULL, and
 * error_message() falls back to the error number. */
int error_set(struct error *e, int r, enum exit_status exit_status, const char *fmt, ...)
    _printf_(4, 5);

/* Adds the way out to what error_set() described. Returns r. */
int error_hint(struct error *e, int r, const char *fmt, ...) _printf_(3, 4);

/* Puts "PREFIX: " before the message, for instance the path, which a parser does not know. Returns
 * r. */
int error_prefix(struct error *e, int r, const char *fmt, ...) _printf_(3, 4);

/* Moves the path that a message begins with behind the reason, which a narrow terminal cuts off
 * last: "/a/b.ko: REASON" becomes "b.ko: REASON (/a/b.ko)". Another message stays as it is. Returns
 * r. */
int error_place_last(struct error *e, int r, const char *path);

/* Adds a fault to those in e, or makes it the first one, and empties from. r is the error number of
 * the fault. Faults beyond ERROR_FAULTS_MAX are dropped. Returns r. */
int error_collect(struct error *e, int r, struct error *from);

/* The message, never NULL: if none was set, the text of the error number r. */
const char *error_message(const struct error *e, int r);

/* The message followed by the hint, in one line. The caller frees it; NULL if memory runs out. */
char *error_text(const struct error *e);

void error_done(struct error *e);
