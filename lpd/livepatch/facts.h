/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* What the kernel says of itself. Each field is best effort: a machine without live patching,
 * without securityfs or as an unprivileged user still gets an answer. */
struct kernel_facts {
    char *release;         /* uname -r */
    char *build_id;        /* GNU build id from /sys/kernel/notes, hex; NULL: unknown */
    char *boot_id;         /* /proc/sys/kernel/random/boot_id; NULL: unknown */
    bool livepatch;        /* /sys/kernel/livepatch is there */
    int sig_enforce;       /* 1, 0, -1 unknown */
    int modules_disabled;  /* likewise */
    int secure_boot;       /* likewise */
    int ftrace_enabled;    /* likewise */
    char *lockdown;        /* none, integrity, confidentiality; NULL: unknown */
};

void kernel_facts_done(struct kernel_facts *f);
int kernel_facts_read(struct host *h, struct kernel_facts *ret);
