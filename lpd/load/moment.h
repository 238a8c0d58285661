/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"
#include "state/results.h"
#include "system/manager.h"

/* What is so of one patch before a verb changes it: in the kernel, in systemd and on record; so that a verb
 * which fails leaves it as it was. The services that require its unit are left alone by all of this. */
struct moment {
    char *name, *module_name;
    char *unit, *unit_state;  /* NULL: systemd does not run */
    struct livepatch loaded;
    struct result record;
    bool recorded;
};

void moment_done(struct moment *w);

/* Takes note of it. m is NULL where systemd does not run. 0 or a negative errno. */
int moment_take(const struct host *h, struct manager *m, const char *name, struct moment *ret);

/* Whether the patch was loaded and enabled. */
bool moment_was_in(const struct moment *w);

/* Puts back what was: the patch in or out, with the build that was in, its unit, its record. The files have
 * to be as they were. 0, or a negative errno with e if the patch is not in as it was. */
int moment_restore(struct host *h, struct manager *m, const struct moment *w, struct error *e);
