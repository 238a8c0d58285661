/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "plan/plan.h"

/* Executes what the plan decided for one patch, and records the result in /run/lpd. It decides
 * nothing. */

/* Loads the patch of that name as its manifest says, for lpd load and so for livepatch@.service.
 * *ret is the result, also on failure, unless there is no such manifest (-ENOENT,
 * EXIT_STATUS_NO_PATCH) or memory runs out. 1: loaded now; 0: it was loaded already; negative
 * errno with e and its exit status. */
int execute_load(struct host *h, const char *name, struct result *ret, struct error *e);

/* The same for the patch with index i of a snapshot, whose plan must allow the load. Used to load
 * several patches. The caller closes f. */
int execute_load_seen(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                      struct result *ret, struct error *e);

/* Skips the patch for that reason, and records it as skipped. Returns -EDQUOT. */
int execute_leave(struct host *h, const struct snapshot *s, size_t i, const char *reason, struct result *ret,
                  struct error *e);

/* Loads a module file without a manifest, for lpctl load FILE. Makes the same checks, except for
 * those of the manifest. parameters may be NULL. */
int execute_load_file(struct host *h, const char *path, const char *parameters, uint64_t timeout_usec,
                      struct result *ret, struct error *e);

/* Unloads a patch: disables it, waits, removes the module. 1, or 0 if it was not loaded. With
 * modules locked the module stays, and ret->reason says so. */
int execute_unload(struct host *h, const char *name, struct result *ret, struct error *e);

/* Waits for the end of a transition and applies OnStall=, then runs the probe; if the probe fails
 * the patch is unloaded. 0, or a negative errno with e. result->cause says what failed, or that
 * the transition was forced. */
int execute_finish(struct host *h, const struct manifest *m, struct result *result, uint64_t timeout_usec,
                   struct error *e);

/* Marks a load as complete after its transition has ended. A cumulative patch replaces all others,
 * so if one of the earlier patches is still in effect, this patch has replaced none. */
void execute_completed(struct host *h, struct result *r);

/* The name of a patch in the kernel: from this boot's result, or else the patch's own. NULL if
 * memory runs out. */
char *execute_module_name(const struct host *h, const char *name);
