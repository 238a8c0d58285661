/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "system/manager.h"

/* Loads and unloads as the administrator asks for it: through the patch's unit where systemd runs,
 * so that its view and the kernel's agree, and directly where it does not. m is NULL there. */

/* 1: it is in now; 0: it was in already; negative errno with e. *ret as with execute_load(). */
int converge_load(struct host *h, struct manager *m, const char *name, struct result *ret,
                  struct error *e);

/* 1: it is out now; 0: it was not in; negative errno with e. */
int converge_unload(struct host *h, struct manager *m, const char *name, struct result *ret,
                    struct error *e);

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
