/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "base/macro.h"

/* CLOCK_REALTIME in microseconds, for output to people. Code that waits uses host->ops->now(). */
static inline uint64_t realtime_usec(void) {
    struct timespec ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}
