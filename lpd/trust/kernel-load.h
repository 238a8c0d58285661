/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/verification.h"

/* The way kernel-load: the load itself is the kernel's verdict about a signature. It is the first
 * choice if the same bytes are loaded next, because nothing is then checked twice and no signature
 * is parsed in user space. */

#define KERNEL_LOAD "kernel-load"

/* Why the kernel may load what the policy refuses: because it does not enforce signatures, or
 * trusts keys that the policy leaves out. NULL: it cannot. */
const char *kernel_load_obstacle(const struct verification *j);

/* Leaves the signature to the load, if there is no such obstacle and no certificate of this machine's is on
 * .blacklist. 1: the report has the verdict, VERDICT_ENFORCED, or VERDICT_REVOKED if .blacklist
 * names the file; 0: the other ways have to be asked, and a step says why; -ENOMEM. */
int kernel_load_decide(struct verification *j);
