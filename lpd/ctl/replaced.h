/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "state/results.h"
#include "system/manager.h"

/* What a cumulative patch has replaced stops being patched when that one is unloaded, and is loaded again then. */
struct replaced {
    struct result_list results; /* as they were before */
    char **names;               /* the patches that it has replaced; NULL: none */
};

void replaced_done(struct replaced *r);

/* Finds them and says so before anything happens. -EBUSY (10) if one of them is required, without --force. */
int replaced_check(struct ctl *c, const char *name, struct replaced *ret, struct error *e);

/* Loads them again, and reports each. What cannot be loaded is a failed unit, and the first such failure is
 * returned. */
int replaced_load_again(struct ctl *c, struct manager *m, const struct replaced *r, struct error *e);
