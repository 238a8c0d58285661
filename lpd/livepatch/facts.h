/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Facts about the kernel. A fact may be unknown: a machine without live patching or securityfs, or
 * an unprivileged user, still gets the others. */
struct kernel_facts {
    char *release;        /* uname -r */
    char *build_id;       /* GNU build id from /sys/kernel/notes, hex; NULL: unknown */
    char *boot_id;        /* /proc/sys/kernel/random/boot_id; NULL: unknown */
    bool livepatch;       /* /sys/kernel/livepatch exists */
    bool sealed;          /* it is read-only */
    int sig_enforce;      /* 1, 0, -1: unknown */
    int modules_disabled; /* 1, 0, -1: unknown */
    int secure_boot;      /* 1, 0, -1: unknown; 0 on machines without EFI */
    int ftrace_enabled;   /* 1, 0, -1: unknown */
    int kexec_disabled;   /* 1, 0, -1: unknown, also on kernels without kexec */
    char *lockdown;       /* none, integrity, confidentiality; NULL: unknown */
};

void kernel_facts_done(struct kernel_facts *f);

/* 0, or a negative errno if memory runs out or the release is unknown. */
int kernel_facts_read(struct host *h, struct kernel_facts *ret);

/* The lockdown mode (kernel_lockdown(7)) from /sys/kernel/security/lockdown. -ENOENT without
 * securityfs or the lockdown module, -EBADMSG. */
int kernel_lockdown_read(const struct host *h, char **ret);
