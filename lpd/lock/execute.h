/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Carries out what may-lock.c decides. A lock that is refused changes nothing. */

/* Looks at the machine and asks whether it may be locked now: as lock_decide(). While something
 * runs that will be over, asks again until timeout_usec (0: once, USEC_INFINITY: for ever) has
 * passed. */
int lock_wait(struct host *h, uint64_t timeout_usec, struct error *e);

/* Lets udev come to the end of what it is at, decides once more, switches the kernel's enforcement
 * of signatures on if the policy says so, then locks. What came of it is on record. 1: locked now;
 * 0: it was already; negative as with lock_wait(), or what the kernel said. */
int lock_execute(struct host *h, struct error *e);

/* What the message about a failure begins with: nothing if modules are locked nonetheless. */
const char *lock_failed_words(const struct host *h);

/* Puts on record why it was refused, or is not complete, or what it waits for. */
void lock_refused(struct host *h, const char *reason);
void lock_waits(struct host *h, const char *reason);

/* Whoever waited for the lock does so no more: takes that off the record, and nothing else. 1, or 0 if it
 * did not say so. */
int lock_wait_ended(struct host *h, struct error *e);
