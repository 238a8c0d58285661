/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "livepatch/view.h"
#include "state/ledger.h"
#include "state/results.h"

/* Confirms builds: those that are loaded, whose transition is over, whose probe has succeeded, and
 * in whose code no kernel fault happened for ConfirmSec=, since their load and since the boot was
 * complete. */

enum bless {
    BLESS_NO,    /* as things are; another state of its result may change that */
    BLESS_LATER, /* at the time that was returned */
    BLESS_NOW,
};

/* CLOCK_MONOTONIC */
struct bless_times {
    uint64_t now_usec, boot_usec; /* boot_usec: when the boot was complete */
    uint64_t confirm_usec;
};

/* Whether the patch with that result and that state in the kernel, or NULL, may be confirmed, apart
 * from faults. *ret_due is set for BLESS_LATER. Pure. */
enum bless bless_check(const struct result *r, const struct livepatch *p, const struct bless_times *t,
                       uint64_t *ret_due);

/* Whether nothing has to be written for the build to be confirmed at that stage. Of several builds
 * of one module, the loaded one has to be the last that changed its state: judge.h. A quarantined
 * one is never confirmed here. Pure. */
bool bless_is_settled(const struct ledger_list *l, const char *kernel, const struct result *r);

/* Judges earlier boots once more, confirms what is due, waits for what will be, and sends the events.
 * Returns how many builds were confirmed, when no time remains to be waited for; or a negative errno. */
int bless_run(struct host *h, struct error *e);
