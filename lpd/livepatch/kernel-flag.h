/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

#define KERNEL_MODULES_DISABLED "/proc/sys/kernel/modules_disabled"
#define KERNEL_KEXEC_DISABLED "/proc/sys/kernel/kexec_load_disabled"
#define KERNEL_FTRACE_ENABLED "/proc/sys/kernel/ftrace_enabled"
#define KERNEL_SIG_ENFORCE "/sys/module/module/parameters/sig_enforce"

/* Reads a switch of the kernel, a file with 1, Y, 0 or N: 1, 0, or -1 if it cannot be read. */
int kernel_flag_read(const struct host *h, const char *path);

/* Sets such a switch to 1 and reads it back: the value read decides. 1: it is set now; 0: it was
 * set already; -EIO: it is still off; another negative errno. */
int kernel_flag_set(struct host *h, const char *path);
