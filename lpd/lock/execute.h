/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Carries out the decision of may-lock.c. A refused lock changes nothing. */

/* Takes a snapshot and checks whether the machine may be locked now, like lock_decide(). While it
 * must wait, for instance for a transition, checks again until timeout_usec (0: once,
 * USEC_INFINITY: for ever) has passed. */
int lock_wait(struct host *h, uint64_t timeout_usec, struct error *e);

/* Waits for udev to handle its events, decides again, enables the kernel's enforcement of
 * signatures if the policy says so, then locks and records the result. 1: locked now; 0: it was
 * locked already; negative as with lock_wait(), or an error of the kernel. */
int lock_execute(struct host *h, struct error *e);

/* The prefix for messages about a failure: empty if modules are locked after all. */
const char *lock_failed_words(const struct host *h);

/* Records why the lock was refused or is incomplete, or what it waits for. */
void lock_refused(struct host *h, const char *reason);
void lock_waits(struct host *h, const char *reason);
