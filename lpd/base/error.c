/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"

/* An error may quote names that come from untrusted files. */
static char *printable(char *text) {
    return text ? utf8_make_printable(text) : NULL;
}

int error_set(struct error *e, int r, enum exit_status exit_status, const char *fmt, ...) {
    char *message;
    va_list ap;

    if (!e)
        return r;

    /* The old message is freed last: the arguments may contain it. */
    va_start(ap, fmt);
    if (vasprintf(&message, fmt, ap) < 0)
        message = NULL;
    va_end(ap);
    error_done(e);
    e->exit_status = exit_status;
    e->message = printable(message);
    return r;
}

int error_hint(struct error *e, int r, const char *fmt, ...) {
    char *hint;
    va_list ap;

    if (!e)
        return r;

    va_start(ap, fmt);
    if (vasprintf(&hint, fmt, ap) < 0)
        hint = NULL;
    va_end(ap);
    free(e->hint);
    e->hint = printable(hint);
    return r;
}

int error_prefix(struct error *e, int r, const char *fmt, ...) {
    _cleanup_free_ char *prefix = NULL;
    char *joined;
    va_list ap;

    if (!e)
        return r;

    va_start(ap, fmt);
    if (vasprintf(&prefix, fmt, ap) < 0)
        prefix = NULL;
    va_end(ap);
    if (!prefix || asprintf(&joined, "%s: %s", prefix, error_message(e, r)) < 0)
        return r;

    free(e->message);
    e->message = printable(joined);
    return r;
}

int error_place_last(struct error *e, int r, const char *path) {
    const char *slash = strrchr(path, '/'), *reason;
    char *moved;

    if (!slash || !slash[1] || !e || !e->message || !startswith(e->message, path))
        return r;
    reason = e->message + strlen(path);
    if (!startswith(reason, ": ") || asprintf(&moved, "%s%s (%s)", slash + 1, reason, path) < 0)
        return r;
    free(e->message);
    e->message = printable(moved);
    return r;
}

const char *error_message(const struct error *e, int r) {
    return e && e->message ? e->message : strerror(-r);
}

char *error_text(const struct error *e) {
    char *text;

    if (!e->hint)
        return strdup(strempty(e->message));
    return asprintf(&text, "%s; %s", strempty(e->message), e->hint) < 0 ? NULL : text;
}

int error_collect(struct error *e, int r, struct error *from) {
    struct error **last;
    size_t n = 1;

    /* Further faults have no error number, so they need a message of their own. */
    if (e && !from->message)
        (void) error_set(from, r, from->exit_status, "%s", strerror(-r));
    if (e && !e->message) {
        *e = *from;
        *from = ERROR_NULL;
        return r;
    }
    for (last = e ? &e->more : NULL; last && *last; last = &(*last)->more)
        n++;
    if (last && n < ERROR_FAULTS_MAX) {
        *last = malloc(sizeof(**last));
        if (*last) {
            **last = *from;
            *from = ERROR_NULL;
        }
    }
    error_done(from);
    return r;
}

void error_done(struct error *e) {
    struct error *next;

    for (struct error *more = e->more; more; more = next) {
        next = more->more;
        free(more->message);
        free(more->hint);
        free(more);
    }
    free(e->message);
    free(e->hint);
    *e = ERROR_NULL;
}
