/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "ctl/images.h"
#include "state/results.h"
#include "store/changes-lock.h"
#include "system/manager.h"

/* Shared by the verbs that change something. */

/* Fails with -EPERM (4) if the caller may not change the running machine. */
int ctl_require_root(const struct ctl *c, struct error *e);

/* Like ctl_require_root(), and fails with -EOPNOTSUPP (64) if --root= is given. For verbs that need
 * the running kernel. */
int ctl_require_live(const struct ctl *c, struct error *e);

/* Takes the lock that serializes all changes of patches, and names on standard error the process
 * that it waits for. The lock is held until the program ends. */
int ctl_lock_changes(struct ctl *c, struct error *e);

/* Connects to systemd. *ret is NULL if systemd does not run. */
int ctl_connect(const struct ctl *c, struct manager **ret, struct error *e);

/* Asks the plan whether anything other than the patch's files keeps it from being loaded. Returns 1
 * with the reason in *ret_later if the administrator has chosen that and nothing is wrong, 0 if
 * nothing prevents the load, or a negative errno with the error that the load would return. With
 * keep_replaced, having been replaced by a cumulative patch counts as such a reason. */
int ctl_ask_plan(struct ctl *c, const char *name, bool keep_replaced, char **ret_later, struct error *e);

/* Whether a load by hand would get past the plan: 0, or the negative errno of that load. */
int ctl_may_load(struct ctl *c, const char *name, struct error *e);

/* ctl_spell(), which also prints a note if the name is that of a module. */
int changes_spell(struct ctl *c, const char *name, char **ret, struct error *e);

/* When --wait[=TIME] gives up, on the clock of ops->now(). */
uint64_t ctl_wait_deadline(struct ctl *c);

/* With --wait: waits until no transition runs. 0 or -ETIME. */
int ctl_wait_for_others(struct ctl *c, uint64_t deadline);

/* converge_load() that returns by the deadline. -EINPROGRESS (8): the patch waits for another
 * transition and is loaded when that has ended. */
int ctl_load_in_time(struct ctl *c, struct manager *m, const char *name, uint64_t deadline, struct result *ret,
                     struct error *e);

/* With --wait: waits for the final state of a loaded patch, see await_patch(). Releases the lock
 * meanwhile, because another process may have to unload a patch to unblock the transition. If
 * *ret_failed is set, no other process can change the result any more. */
int ctl_await(struct ctl *c, struct manager *m, const char *name, const char *module_name, uint64_t deadline,
              bool *ret_failed, struct error *e);

/* One step of a verb, for one name or file of the command line. Returns at least 0, or a negative
 * errno. */
typedef int change_one(struct ctl *c, struct manager *m, const char *argument, struct error *e);

/* Whether a signal arrived before the step for that argument began. Adds that to the changes. r is
 * the result so far. */
bool changes_stop(struct ctl *c, const char *argument, int r, struct error *e);

/* Runs the step for each argument. A failed step does not stop the others: the first failure is
 * returned, later ones are only listed among the changes. r is the result so far; if it is a
 * failure, it counts as the first. */
int changes_each(struct ctl *c, struct manager *m, char **arguments, int r, change_one *one,
                 struct error *e);

/* The start of every verb that changes patches: checks privileges, connects to systemd, and records
 * the contents of the images. */
int changes_prepare(struct ctl *c, struct manager **ret_manager, struct images *ret_before,
                    struct error *e);

/* The whole of a verb that takes names of patches: runs the step for each of them, with the name as
 * its manifest spells it, and then updates the images. An invalid name is refused before the first
 * step. */
int changes_each_patch(struct ctl *c, char **argv, change_one *one, struct error *e);
