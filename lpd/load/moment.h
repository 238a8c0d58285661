/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"
#include "state/results.h"
#include "system/manager.h"

/* The state of one patch in the kernel, in systemd and on record before a verb changes it, so that
 * a failed verb can restore it. Services that require the patch's unit are not affected. */
struct moment {
    char *name, *module_name;
    char *unit, *unit_state;  /* NULL: systemd is not running */
    struct livepatch loaded;
    struct result record;
    bool recorded;
};

void moment_done(struct moment *w);

/* Records the state. m is NULL if systemd is not running. 0 or a negative errno. */
int moment_take(const struct host *h, struct manager *m, const char *name, struct moment *ret);

/* Whether the patch was loaded and enabled. */
bool moment_was_in(const struct moment *w);

/* Restores the state: the patch loaded or not, with the same build, its unit, its record. The
 * files must be as before. 0, or a negative errno with e if the patch is not loaded as before. */
int moment_restore(struct host *h, struct manager *m, const struct moment *w, struct error *e);
