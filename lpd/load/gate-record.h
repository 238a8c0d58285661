/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "plan/snapshot.h"
#include "trust/gate.h"

/* The gate (trust/gate.h) at the load itself, and the record of its result. */

/* Runs the gate for the module of the patch with that index (SIZE_MAX: a module without a
 * manifest), and puts the facts about the signature into result. GATE_AT_LOAD: the signature was
 * not checked, because the kernel checks it during the load. The caller then loads the module and
 * calls gate_close(). 0, or as gate_check(). */
#define GATE_AT_LOAD 1
int gate_check_module(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                      struct result *result, struct error *e);

/* After GATE_AT_LOAD: turns the result of livepatch_load() into the verdict on the signature. If
 * the kernel refused the module because of its signature, finds the reason. If the build was
 * already loaded, the kernel has not checked these bytes (checked is false): if they differ from
 * the recorded ones, they are verified in the other ways. Returns r, or why the policy does not
 * accept the module. */
int gate_close(struct host *h, const struct snapshot *s, struct module_file *f, int r, bool checked,
               struct result *result, struct error *e);

/* Puts the facts about the signature into result. 0 or -ENOMEM. */
int gate_record(const struct trust_report *t, struct result *result);

/* EnforceInKernel=yes: makes the kernel itself refuse modules that it cannot verify. Only a reboot
 * undoes that. 0 if it is enforced or not configured. */
int gate_enforce(struct host *h, const struct snapshot *s, struct error *e);
