/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/bpf.h>

#include "base/host.h"

/* bpf(2) by the host's table of calls. */

/* All of the union is cleared: the kernel wants zeros in what a command does not use. */
static inline union bpf_attr bpf_no_attributes(void) {
    union bpf_attr a;

    memset(&a, 0, sizeof(a));
    return a;
}

/* The union is that of the build machine's headers. A kernel for which it is shorter takes it as if it
 * went on with zeros, one for which it is longer wants zeros at its end (bpf_check_uarg_tail_zero(),
 * kernel/bpf/syscall.c): the size need not fit. A descriptor or 0, or a negative errno. */
static inline int bpf_call(struct host *h, enum bpf_cmd command, union bpf_attr *a) {
    return h->ops->bpf(h, (int) command, a, sizeof(*a));
}
