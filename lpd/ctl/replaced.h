/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "state/results.h"
#include "system/manager.h"

/* Patches that a cumulative patch has replaced are no longer patched when it is unloaded. They are
 * loaded again then. */
struct replaced {
    struct result_list results; /* as they were before the unload */
    char **names;               /* the patches that it has replaced, or NULL */
};

void replaced_done(struct replaced *r);

/* Finds and announces the replaced patches before anything changes. -EBUSY (10) if one of them is
 * required and --force is not given. */
int replaced_check(struct ctl *c, const char *name, struct replaced *ret, struct error *e);

/* Loads them again and reports each. If one cannot be loaded, its unit fails, and the first such
 * failure is returned. */
int replaced_load_again(struct ctl *c, struct manager *m, const struct replaced *r, struct error *e);
