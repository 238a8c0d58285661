/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "load/moment.h"
#include "plan/plan.h"
#include "system/manager.h"

/* Loads and unloads as the administrator asks for it: through the patch's unit where systemd runs,
 * so that its view and the kernel's agree, and directly where it does not. m is NULL there. */

/* 1: it is in now; 0: it was in already; negative errno with e. *ret as with execute_load(). */
int converge_load(struct host *h, struct manager *m, const char *name, struct result *ret,
                  struct error *e);

/* 1: it is out now; 0: it was not in; negative errno with e, the patch being in as it was. The patch goes
 * before its unit does, so that one that cannot be taken out stops no service that requires it. */
int converge_unload(struct host *h, struct manager *m, const char *name, struct result *ret,
                    struct error *e);

/* The two steps of that: out of the kernel, with the unit left as it is; and the unit, with what requires
 * it, when the patch is out. Returns as execute_unload(). */
int converge_take_out(struct host *h, struct manager *m, const struct moment *before, struct result *ret,
                      struct error *e);
int converge_stop_unit(struct host *h, struct manager *m, const char *name, struct error *e);

/* What converge_plan() did with one action. */
struct outcome {
    const struct action *action;
    int r; /* as converge_load() or converge_unload() returned it; 0 for what needed nothing */
    struct error error;
};

void outcomes_free(struct outcome *outcomes, size_t n);

/* Carries out a whole plan, one action after the other; one that fails stops no other.
 * *ret has as many outcomes as the plan has actions. 1 if something changed, 0 if not, or the first failure. */
int converge_plan(struct host *h, struct manager *m, const struct plan *plan, struct outcome **ret);
