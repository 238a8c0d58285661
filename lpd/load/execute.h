/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "plan/plan.h"

/* Carries out what the plan decided for one patch, and writes down what became of it in /run/lpd.
 * Nothing is decided here. */

/* Loads the patch of that name as its manifest says: lpd load, and livepatch@.service with it.
 * *ret says what became of it, also on failure, unless there is no such manifest (-ENOENT,
 * EXIT_STATUS_NO_PATCH) or memory is short. 1: it was loaded; 0: it was in already; negative errno with e and its exit status. */
int execute_load(struct host *h, const char *name, struct result *ret, struct error *e);

/* The same for the patch with that index of a snapshot whose plan lets it be loaded now: for who loads
 * several of them. What is read into f, if anything, is for the caller to close. */
int execute_load_seen(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                      struct result *ret, struct error *e);

/* Does not load it, for that reason: -EDQUOT, and on record as skipped. */
int execute_leave(struct host *h, const struct snapshot *s, size_t i, const char *reason, struct result *ret,
                  struct error *e);

/* Loads a module file that needs no manifest: lpctl load FILE. The same checks, but for the manifest's.
 * parameters may be NULL. */
int execute_load_file(struct host *h, const char *path, const char *parameters, uint64_t timeout_usec,
                      struct result *ret, struct error *e);

/* Takes a patch out of the kernel: disables it, waits, removes the module. 1, or 0 if it was not in. After
 * the lock the module stays, and ret->reason says so. */
int execute_unload(struct host *h, const char *name, struct result *ret, struct error *e);

/* Sees a transition through to its end as OnStall= says, then runs the probe; a probe that fails
 * takes the patch out again. 0, or a negative errno with e. result->cause says what went wrong, or that the
 * transition was forced. */
int execute_finish(struct host *h, const struct manifest *m, struct result *result, uint64_t timeout_usec,
                   struct error *e);

/* Marks a load as settled, once its transition is over: what was in before and is still in has not
 * been replaced, and as a cumulative patch replaces all others, then none was. */
void execute_completed(const struct host *h, struct result *r);

/* The name that the kernel knows a patch by: from this boot's result, or else the patch's own. NULL when out
 * of memory. */
char *execute_module_name(const struct host *h, const char *name);
