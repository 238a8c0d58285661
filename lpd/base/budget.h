/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The budget for patches while others wait, such as the boot during its initramfs. All work
 * subtracts what it uses, even if it fails, so that the cost is bounded however many files are
 * bad. */
struct budget {
    uint64_t bytes;    /* of modules, uncompressed */
    uint64_t patches;
    uint64_t end_usec; /* on the clock of the host */
};

/* How many bytes of a limit may be used; the whole limit if there is no budget. */
static inline size_t budget_bytes(const struct host *h, size_t max) {
    return h->budget ? (size_t) MIN((uint64_t) max, h->budget->bytes) : max;
}

static inline void budget_spend_bytes(const struct host *h, size_t n) {
    if (h->budget)
        h->budget->bytes -= MIN((uint64_t) n, h->budget->bytes);
}
