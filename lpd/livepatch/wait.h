/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The kernel does not announce the end of a transition or of a directory, so these are polled. */

/* How long to sleep, in microseconds, after waiting for elapsed_usec: a quarter of that, but at least 2 ms
 * and at most 20 ms, as a boot may wait for the answer; 250 ms once it takes longer than usual. On one CPU a
 * transition ends within about 10 ms; on more the kernel retries once a second
 * (kernel/livepatch/transition.c, klp_try_complete_transition()). */
uint64_t wait_pace(uint64_t elapsed_usec) _const_;

/* The time on ops->now() timeout_usec from now; USEC_INFINITY stays that. */
uint64_t wait_deadline(struct host *h, uint64_t timeout_usec);

/* The time left until then, 0 if it has passed. */
uint64_t wait_remaining(struct host *h, uint64_t deadline);

/* Calls ask() at that pace, at least once, until it returns anything but 0, and returns that;
 * -ETIME when the deadline has passed. */
int wait_until(struct host *h, uint64_t deadline, int (*ask)(struct host *h, void *userdata),
               void *userdata);
