/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The kernel tells nobody when a transition ends or a directory goes, so these are polled. */

/* How long to sleep, in microseconds, after having waited for elapsed_usec: as long again, but 5 ms
 * at least and 250 ms at most. On one CPU a transition ends within some 10 ms; on more the kernel
 * tries again once a second (kernel/livepatch/transition.c, klp_try_complete_transition()). */
uint64_t wait_pace(uint64_t elapsed_usec) _const_;

/* The moment on ops->now() that lies timeout_usec ahead; USEC_INFINITY stays that. */
uint64_t wait_deadline(struct host *h, uint64_t timeout_usec);

/* What is left until that moment, 0 if it has passed. */
uint64_t wait_remaining(struct host *h, uint64_t deadline);

/* Calls ask() at that pace, at least once, until it answers anything but 0, and returns its answer;
 * -ETIME when the deadline has passed. */
int wait_until(struct host *h, uint64_t deadline, int (*ask)(struct host *h, void *userdata),
               void *userdata);
