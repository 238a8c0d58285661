/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "load/moment.h"
#include "plan/plan.h"
#include "system/manager.h"

/* Loads and unloads on request of the administrator: through the patch's unit if systemd runs, so
 * that systemd and the kernel agree, and directly otherwise; m is NULL then. */

/* 1: loaded now; 0: it was loaded already; negative errno with e. *ret as with execute_load(). */
int converge_load(struct host *h, struct manager *m, const char *name, struct result *ret,
                  struct error *e);

/* 1: unloaded now; 0: it was not loaded; negative errno with e, and the patch is loaded as before.
 * The patch is unloaded before its unit stops, so that a patch that cannot be unloaded stops no
 * service that requires it. */
int converge_unload(struct host *h, struct manager *m, const char *name, struct result *ret,
                    struct error *e);

/* The two steps of that: unloads the patch without touching its unit; and stops the unit, with
 * units that require it, when the patch is unloaded. Returns as execute_unload(). */
int converge_take_out(struct host *h, struct manager *m, const struct moment *before, struct result *ret,
                      struct error *e);
int converge_stop_unit(struct host *h, struct manager *m, const char *name, struct error *e);

/* The result of one action of converge_plan(). */
struct outcome {
    const struct action *action;
    int r; /* the result of converge_load() or converge_unload(); 0 if there was nothing to do */
    struct error error;
};

void outcomes_free(struct outcome *outcomes, size_t n);

/* Executes a whole plan, one action after the other; a failure does not stop the others. *ret has
 * as many outcomes as the plan has actions. 1 if something changed, 0 if not, or the first
 * failure. */
int converge_plan(struct host *h, struct manager *m, const struct plan *plan, struct outcome **ret);
