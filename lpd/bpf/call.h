/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/bpf.h>

#include "base/host.h"

/* bpf(2) through the host's table of calls. */

/* The whole union is cleared, because the kernel requires zeros in the fields that a command does
 * not use. */
static inline union bpf_attr bpf_no_attributes(void) {
    union bpf_attr a;

    memset(&a, 0, sizeof(a));
    return a;
}

/* The union is that of the headers at build time. If the kernel's own is longer, the kernel fills
 * it up with zeros; if it is shorter, the kernel requires zeros at the end
 * (bpf_check_uarg_tail_zero(), kernel/bpf/syscall.c). So the sizes need not match. Returns a
 * descriptor or 0, or a negative errno. */
static inline int bpf_call(struct host *h, enum bpf_cmd command, union bpf_attr *a) {
    return h->ops->bpf(h, (int) command, a, sizeof(*a));
}
