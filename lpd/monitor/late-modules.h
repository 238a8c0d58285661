/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Keeps the record of modules that come after the point where the lock would have been set
 * (state/late-modules.h), so that later boots know what a lock would have broken. */

struct late_module {
    char *name;
    uint64_t usec; /* CLOCK_MONOTONIC of its announcement */
};

struct late_modules {
    struct late_module *modules; /* announced, and not judged yet */
    size_t n_modules;
    uint64_t boot_end; /* CLOCK_MONOTONIC; 0: the boot is not over, as far as is known */
};

void late_modules_done(struct late_modules *l);

/* Takes a uevent of the kernel; only those of modules that come count. */
void late_modules_note(struct late_modules *l, struct host *h, const char *uevent);

/* Judges what was announced, some time after it: who is in by then, came after the boot was over, and
 * is no live patch, is put on record. Nothing is done where nothing was announced. */
void late_modules_judge(struct late_modules *l, struct host *h);

/* At the end of the boot: that it was not locked counts as well, whatever was loaded. */
void late_modules_end(struct late_modules *l, struct host *h);
