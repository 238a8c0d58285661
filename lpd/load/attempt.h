/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "plan/snapshot.h"

/* The attempts of the ledger (state/ledger.h): written before a build on trial is loaded, and taken
 * back when the load was refused or the patch was unloaded in order. */

/* A load that is about to happen. */
struct attempt {
    const struct snapshot *snapshot;
    const struct module_file *file;
    struct result *result;
    bool written;
};

/* For load_options.before, with a struct attempt: writes the attempt of a build on trial to the
 * disk. 0; -EROFS if that is not possible and nobody asked for the load, because the machine boots:
 * then it must not be loaded. Otherwise result->unguarded says that it is loaded without. In the
 * initramfs an error of trial_note(). */
int attempt_begin(struct host *h, void *attempt, struct error *e);

/* After the load, with its result: takes back what was written if the kernel has not loaded it. */
void attempt_end(struct host *h, const struct attempt *a, int r);

/* For a build that was loaded before, for instance by the initramfs: writes its attempt now, so that
 * a crash later in the boot counts. Errors are ignored. */
void attempt_catch_up(struct host *h, const struct attempt *a);

/* Takes this boot's attempt back: the patch with that result was unloaded in order, or replaced.
 * Errors are ignored: the orderly end of the boot does the same. */
void attempt_take_back(struct host *h, const struct result *r);

/* For lpd-guard.service when it stops: takes back the attempts of a boot that ends in order. Does
 * nothing unless the machine shuts down; a soft-reboot keeps the kernel and so the attempts. 0, or a
 * negative errno with e. */
int attempt_end_boot(struct host *h, struct error *e);

/* After the gate has refused the build as quarantined: records that, if only its crashes say so. */
void attempt_quarantine(struct host *h, const struct attempt *a);
