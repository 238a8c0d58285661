/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "plan/snapshot.h"
#include "trust/gate.h"

/* The gate (trust/gate.h) at the load itself, and the record of its result. */

/* Asks it about the module of the patch with that index (SIZE_MAX: one without a manifest), and puts what
 * was found about the signature into result. GATE_AT_LOAD: nobody has looked at the signature, as the
 * kernel checks it at the load, which the caller does next and tells gate_close(). 0, or as gate_check(). */
#define GATE_AT_LOAD 1
int gate_check_module(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                      struct result *result, struct error *e);

/* After GATE_AT_LOAD: what the load has come to, as livepatch_load() returned it, is the verdict on the
 * signature. If the load was refused for that, the reason is looked for. If the module was in before,
 * the kernel has not checked these bytes (checked is false): where they are not those on record, they are
 * verified by the other ways. Returns r, or why the policy does not accept it. */
int gate_close(struct host *h, const struct snapshot *s, struct module_file *f, int r, bool checked,
               struct result *result, struct error *e);

/* Puts the facts about the signature into result. 0 or -ENOMEM. */
int gate_record(const struct trust_report *t, struct result *result);

/* EnforceInKernel=yes: makes the kernel itself refuse modules that it cannot verify. It cannot be undone
 * before a reboot. 0 if that is so now or not asked for. */
int gate_enforce(struct host *h, const struct snapshot *s, struct error *e);
