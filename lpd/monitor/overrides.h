/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "livepatch/view.h"

/* Tracers that decide in place of a patched function what it returns. lpd.service sees by one short
 * file whether anything calls one of the functions directly; only then it starts a unit with the
 * privileges to find out who, which reports it. */

#define OVERRIDES_UNIT "lpd-overrides.service"

/* How often lpd.service reads the file at most. */
#define OVERRIDES_USEC (60 * USEC_PER_SEC)

/* How often the unit is started although the file shows no change: a program of BPF's may replace
 * another one without any. */
#define OVERRIDES_AGAIN_USEC (600 * USEC_PER_SEC)

struct override_watch {
    int fd;             /* of enabled_functions; negative: nothing is detected */
    char *seen;         /* what it said when the unit was started last; NULL: not yet */
    uint64_t next_usec; /* on host->ops->now(): when to read it again */
    uint64_t started_usec;
};

#define OVERRIDE_WATCH_NULL ((struct override_watch){ .fd = -EBADF })

void override_watch_done(struct override_watch *w);

/* Starts the unit if who calls patched functions directly has changed. Does nothing before
 * next_usec. 1: started; 0; or a negative errno. */
int override_watch_look(struct override_watch *w, struct host *h, const struct livepatch_list *l);

/* The unit's part: reports in the journal each patch that is overridden now and was not before, or
 * by others, and each that no longer is, and records it. 0 or a negative errno. */
int overrides_report(struct host *h, struct error *e);
