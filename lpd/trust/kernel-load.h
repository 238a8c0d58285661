/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/verification.h"

/* The way kernel-load: the load itself is the kernel's verdict about a signature. It is the first
 * choice if the same bytes are loaded next, because the signature is then checked only once and not
 * parsed in user space. */

#define KERNEL_LOAD "kernel-load"

/* Why the kernel might load what the policy refuses: it does not enforce signatures, or trusts keys
 * that the policy leaves out. NULL if it would not. */
const char *kernel_load_obstacle(const struct verification *j);

/* Leaves the verdict to the load, if there is no such obstacle and .blacklist contains no
 * certificate of this machine. 1: the report has the verdict, VERDICT_ENFORCED, or VERDICT_REVOKED
 * if .blacklist names the file; 0: the other ways are needed, and a step says why; -ENOMEM. */
int kernel_load_decide(struct verification *j);
