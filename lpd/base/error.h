/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/exit-status.h"
#include "base/macro.h"

/* What an error number cannot say: the thing, the reason, and the way out. Library functions return
 * a negative errno and describe it here; only the mains print it. */
struct error {
    enum exit_status exit_status;
    char *message; /* names the thing and the reason, no trailing full stop */
    char *hint;    /* the way out, or NULL */
    struct error *more; /* further faults of the same thing, where all were looked for; or NULL */
};

/* Nobody reads more of them than this. */
#define ERROR_FAULTS_MAX 100

#define ERROR_NULL ((struct error){ .exit_status = EXIT_STATUS_FAILED })

/* Describes a failure, replacing what was described before.
 * @e may be NULL. Returns r, so that "return error_set(e, -EINVAL, …)" reads well. Out of memory
 * leaves the message NULL; error_message() then still says something. */
int error_set(struct error *e, int r, enum exit_status exit_status, const char *fmt, ...)
    _printf_(4, 5);

/* Adds the way out to what error_set() described. Returns r. */
int error_hint(struct error *e, int r, const char *fmt, ...) _printf_(3, 4);

/* Puts "PREFIX: " before the message, e.g. the path that a parser does not know. Returns r. */
int error_prefix(struct error *e, int r, const char *fmt, ...) _printf_(3, 4);

/* Adds a fault to those that e already has, or makes it the first; from is empty afterwards. r is its
 * error number. What goes beyond ERROR_FAULTS_MAX is dropped. Returns r. */
int error_collect(struct error *e, int r, struct error *from);

/* The message, never NULL: where none was set, the text of the error number r. */
const char *error_message(const struct error *e, int r);

/* The message, and the hint in one line with it. To be freed; NULL when out of memory. */
char *error_text(const struct error *e);

void error_done(struct error *e);
