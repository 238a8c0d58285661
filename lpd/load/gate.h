/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "plan/snapshot.h"
#include "trust/gate.h"

/* The gate (trust/gate.h) at the load itself. */

/* Asks it about the module of the patch with that index (SIZE_MAX: one without a manifest), and puts what
 * was found about the signature into result. 0, or as gate_check(). */
int gate_check_module(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                      struct result *result, struct error *e);

/* Puts what a judgement found about the signature into result. 0 or -ENOMEM. */
int gate_record(const struct trust_report *t, struct result *result);

/* EnforceInKernel=yes: makes the kernel itself refuse modules that it cannot verify. It cannot be undone
 * before a reboot. 0 if that is so now or not asked for. */
int gate_enforce(struct host *h, const struct snapshot *s, struct error *e);
