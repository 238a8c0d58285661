/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Keeps the record of modules that are loaded after the time at which the lock would have come
 * (state/late-modules.h), so that later boots know what a lock would have broken. */

struct late_module {
    char *name;
    uint64_t usec; /* CLOCK_MONOTONIC of its announcement */
};

struct late_modules {
    struct late_module *modules; /* announced, and not examined yet */
    size_t n_modules;
    uint64_t boot_end; /* CLOCK_MONOTONIC; 0: the boot has not finished, as far as is known */
};

void late_modules_done(struct late_modules *l);

/* Handles a uevent of the kernel; ignores all but those about new modules. */
void late_modules_note(struct late_modules *l, struct host *h, const char *uevent);

/* Examines announced modules some time later: a module that is still loaded, came after the end of
 * the boot, and is no live patch, is recorded. Does nothing if none was announced. */
void late_modules_judge(struct late_modules *l, struct host *h);

/* At the end of the boot: a boot without a lock is recorded even if no module was loaded. */
void late_modules_end(struct late_modules *l, struct host *h);
