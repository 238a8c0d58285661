/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "base/interrupt.h"
#include "ctl/change.h"
#include "compat/kpatch.h"

/* The holder of the lock may be rebuilding the initramfs of every kernel, which takes minutes. */
#define LOCK_TIMEOUT_USEC (10 * 60 * USEC_PER_SEC)

/* What was printed on standard output before comes first, also where both go into one file. */
static void say(const char *fmt, va_list ap) _printf_(1, 0);
static void say(const char *fmt, va_list ap) {
    (void) fflush(stdout);
    fprintf(stderr, "kpatch: ");
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void kpatch_warn(const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

int kpatch_die(const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
    return 1;
}

int kpatch_failed(const struct error *e, int r) {
    kpatch_warn("%s", error_message(e, r));
    if (e->hint)
        fprintf(stderr, "        %s\n", e->hint);
    return 1;
}

static void tell_wait(void *userdata _unused_, const char *holder) {
    kpatch_warn("waiting for %s to end", holder);
}

int kpatch_prepare(struct ctl *c) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = ctl_require_root(c, &e);
    if (r < 0)
        return kpatch_failed(&e, r);
    interrupt_catch();
    r = changes_lock_take(&c->host, c->command, LOCK_TIMEOUT_USEC, tell_wait, NULL, &c->lock, &e);
    return r < 0 ? kpatch_failed(&e, r) : 0;
}
