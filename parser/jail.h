/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* From here on this process can compute, allocate some memory beside its input of that size, write
 * to open descriptors, and end. Any other system call fails with ENOSYS and has no effect
 * (seccomp(2)); a call by the numbers of another architecture kills the process. This cannot be
 * undone. Limits that may not be set (setrlimit(2)) are skipped. Negative: there is no jail. */
int jail_enter(size_t input_size);
