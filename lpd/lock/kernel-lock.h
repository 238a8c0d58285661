/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "state/lock.h"

/* The lock: kernel.modules_disabled, which can change from 0 to 1 once and never back
 * (Documentation/admin-guide/sysctl/kernel.rst). */

/* Fills in this process, its user, and the time, as far as they are known. 0 or -ENOMEM. */
int lock_record_sign(const struct host *h, struct lock_record *r);

#define LOCK_SEAL_UNIT "lpd-seal.service"

/* Makes the kernel's directory of live patches read-only for all processes but those of lpd, which
 * use a separate mount. 1: sealed now; 0: it was sealed already; a negative errno with e. */
int lock_seal(struct host *h, struct error *e);

/* Removes the seal. The same return values. */
int lock_unseal(struct host *h, struct error *e);

/* Starts LOCK_SEAL_UNIT to seal it, because mounting needs privileges that the lock lacks. The
 * same return values. */
int lock_ask_for_seal(struct host *h, struct error *e);

/* Locks module loading, and kexec_load(2) if requested and supported by the kernel. The values
 * read back decide. 1: something is locked now; 0: all of it was locked already; a negative errno
 * with e. */
int lock_kernel(struct host *h, bool kexec, struct error *e);
