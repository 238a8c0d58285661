/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "ctl/images.h"
#include "state/results.h"
#include "store/changes-lock.h"
#include "system/manager.h"

/* What the verbs that act share. */

/* -EPERM (4) for whoever may not change the running machine. */
int ctl_require_root(const struct ctl *c, struct error *e);

/* The same, and -EOPNOTSUPP (64) below another root, for verbs that need the running kernel. */
int ctl_require_live(const struct ctl *c, struct error *e);

/* Takes the lock of all that changes patches, and tells on standard error for whom it waits. It is held until
 * the program ends. */
int ctl_lock_changes(struct ctl *c, struct error *e);

/* Connects to systemd; *ret is NULL where it does not run. */
int ctl_connect(const struct ctl *c, struct manager **ret, struct error *e);

/* Whether anything but its files keeps a patch from being loaded. 1 with the words for it, if that is a reason
 * which the administrator has given and nothing is wrong; 0 if there is none; or a negative errno with what
 * the load would fail for. With keep_replaced a patch that a cumulative one has replaced is such a reason. */
int ctl_ask_plan(struct ctl *c, const char *name, bool keep_replaced, char **ret_later, struct error *e);

/* Whether a load by hand would get past the plan: 0, or the negative errno of that load. */
int ctl_may_load(struct ctl *c, const char *name, struct error *e);

/* ctl_spell(), with a note where the name is that of a module. */
int changes_spell(struct ctl *c, const char *name, char **ret, struct error *e);

/* Until when --wait[=TIME] is willing to wait, on ops->now(). */
uint64_t ctl_wait_deadline(struct ctl *c);

/* Waits until no transition runs, if --wait asks for it. 0 or -ETIME. */
int ctl_wait_for_others(struct ctl *c, uint64_t deadline);

/* converge_load() that keeps to that time; -EINPROGRESS (8): the patch waits for another transition, and is
 * loaded after that. */
int ctl_load_in_time(struct ctl *c, struct manager *m, const char *name, uint64_t deadline, struct result *ret,
                     struct error *e);

/* Waits for what becomes of a patch that was loaded, if --wait asks for it: await_patch(). Others may change
 * patches meanwhile, as what unblocks it may be to unload one. If *ret_failed nobody else can any more. */
int ctl_await(struct ctl *c, struct manager *m, const char *name, const char *module_name, uint64_t deadline,
              bool *ret_failed, struct error *e);

/* One step of a verb: for a name or a file of the command line. At least 0, or a negative errno. */
typedef int change_one(struct ctl *c, struct manager *m, const char *argument, struct error *e);

/* Whether a signal came before the step for that argument was begun, which is then said; r: what went before. */
bool changes_stop(struct ctl *c, const char *argument, int r, struct error *e);

/* Takes that step for each argument. One that fails stops no other: the first failure is what is
 * returned, later ones stand among the changes. r: what went before; its failure counts as the first. */
int changes_each(struct ctl *c, struct manager *m, char **arguments, int r, change_one *one,
                 struct error *e);

/* What stands at the beginning of a verb that changes patches: privileges, systemd, and the images as they
 * are before. */
int changes_prepare(struct ctl *c, struct manager **ret_manager, struct images *ret_before,
                    struct error *e);

/* All of a verb that takes names of patches: it takes that step for each, by the spelling of its manifest,
 * and brings the images in line afterwards. A name that can be none is refused before anything is done. */
int changes_each_patch(struct ctl *c, char **argv, change_one *one, struct error *e);
