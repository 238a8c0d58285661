/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/interrupt.h"
#include "livepatch/wait.h"

/* A transition takes 10 ms on one CPU and 1 to 2 s on several; what takes longer has stalled. */
#define USUAL_USEC (5 * USEC_PER_SEC)

uint64_t wait_pace(uint64_t elapsed_usec) {
    if (elapsed_usec < USUAL_USEC)
        return MIN(MAX(elapsed_usec / 4, 2 * USEC_PER_MSEC), 20 * USEC_PER_MSEC);
    return 250 * USEC_PER_MSEC;
}

uint64_t wait_deadline(struct host *h, uint64_t timeout_usec) {
    uint64_t now = h->ops->now(h);

    return timeout_usec < USEC_INFINITY - now ? now + timeout_usec : USEC_INFINITY;
}

uint64_t wait_remaining(struct host *h, uint64_t deadline) {
    uint64_t now = h->ops->now(h);

    if (deadline == USEC_INFINITY)
        return USEC_INFINITY;
    return deadline > now ? deadline - now : 0;
}

int wait_until(struct host *h, uint64_t deadline, int (*ask)(struct host *h, void *userdata),
               void *userdata) {
    uint64_t start = h->ops->now(h), left;
    int r;

    for (;;) {
        r = ask(h, userdata);
        if (r != 0)
            return r;
        left = wait_remaining(h, deadline);
        if (left == 0 || interrupt_take())
            return -ETIME;
        h->ops->sleep(h, MIN(wait_pace(h->ops->now(h) - start), left));
    }
}
