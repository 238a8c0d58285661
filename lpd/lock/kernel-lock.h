/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "state/lock.h"

/* The lock: kernel.modules_disabled, which goes from 0 to 1 once and back at no time
 * (Documentation/admin-guide/sysctl/kernel.rst). */

/* Fills in who we are, as far as that can be told, and the time. 0 or -ENOMEM. */
int lock_record_sign(const struct host *h, struct lock_record *r);

#define LOCK_SEAL_UNIT "lpd-seal.service"

/* Makes the kernel's directory of live patches read-only for everybody but lpd, which has a view of
 * its own. 1: it is so now; 0: it was so already; a negative errno with e. */
int lock_seal(struct host *h, struct error *e);

/* Undoes that. Likewise. */
int lock_unseal(struct host *h, struct error *e);

/* Has LOCK_SEAL_UNIT seal it, as mounting takes privileges that the lock does not. Likewise. */
int lock_ask_for_seal(struct host *h, struct error *e);

/* Ends module loading, and kexec_load(2) with it if that is wanted and the kernel has it. What
 * is read back decides. 1: something is locked now; 0: all of it was already; a negative errno
 * with e. */
int lock_kernel(struct host *h, bool kexec, struct error *e);
