/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "plan/snapshot.h"
#include "trust/verify.h"

/* The gate before a load: whether the bytes of a module may go into this machine's kernel. */

/* Checks the pin (kernel may be NULL: there is none) and the signature against the machine's policy, and
 * puts what was found about the signature into result. 0, or EXIT_STATUS_REFUSED: -EKEYREJECTED. */
int gate_check_module(struct host *h, const struct snapshot *s, const struct manifest_kernel *kernel,
                 struct module_file *f, struct result *result, struct error *e);

/* Puts what a judgement found about the signature into result. 0 or -ENOMEM. */
int gate_record(const struct trust_report *t, struct result *result);

/* EnforceInKernel=yes: makes the kernel itself refuse modules that it cannot verify. It cannot be undone
 * before a reboot. 0 if that is so now or not asked for. */
int gate_enforce(struct host *h, const struct snapshot *s, struct error *e);
