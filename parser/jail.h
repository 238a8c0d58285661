/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Confines this process: it can compute, allocate a limited amount of memory in addition to input
 * of that size, write to open descriptors, and end. Any other system call fails with ENOSYS and has
 * no effect (seccomp(2)); a call by the numbers of another architecture kills the process. This
 * cannot be undone. Limits that may not be set (setrlimit(2)) are skipped. Negative if the process
 * is not confined. */
int jail_enter(size_t input_size);
