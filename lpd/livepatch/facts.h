/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* What the kernel says of itself. Each field is best effort: a machine without live patching,
 * without securityfs or as an unprivileged user still gets an answer. */
struct kernel_facts {
    char *release;        /* uname -r */
    char *build_id;       /* GNU build id from /sys/kernel/notes, hex; NULL: unknown */
    char *boot_id;        /* /proc/sys/kernel/random/boot_id; NULL: unknown */
    bool livepatch;       /* /sys/kernel/livepatch is there */
    bool sealed;          /* and read-only */
    int sig_enforce;      /* 1, 0, -1 unknown */
    int modules_disabled; /* likewise */
    int secure_boot;      /* likewise; 0 on machines without EFI */
    int ftrace_enabled;   /* likewise */
    int kexec_disabled;   /* likewise; unknown on kernels without kexec */
    char *lockdown;       /* none, integrity, confidentiality; NULL: unknown */
};

void kernel_facts_done(struct kernel_facts *f);

/* 0, or a negative errno if memory is short or the release cannot be had. */
int kernel_facts_read(struct host *h, struct kernel_facts *ret);

/* One switch of the kernel, a file that holds 1, Y, 0 or N: 1, 0, or -1 if it cannot be read. */
int kernel_flag_read(const struct host *h, const char *path);

/* Sets such a switch to 1 and reads it back: what was read decides. 1: it is so now; 0: it was so
 * already; -EIO: it stays off; another negative errno. */
int kernel_flag_set(struct host *h, const char *path);

/* The lockdown mode (kernel_lockdown(7)) from /sys/kernel/security/lockdown. -ENOENT without
 * securityfs or the lockdown module, -EBADMSG. */
int kernel_lockdown_read(const struct host *h, char **ret);

#define KERNEL_MODULES_DISABLED "/proc/sys/kernel/modules_disabled"
#define KERNEL_KEXEC_DISABLED "/proc/sys/kernel/kexec_load_disabled"
#define KERNEL_FTRACE_ENABLED "/proc/sys/kernel/ftrace_enabled"
#define KERNEL_SIG_ENFORCE "/sys/module/module/parameters/sig_enforce"
