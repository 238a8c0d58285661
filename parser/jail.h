/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* From here on this process can compute, take some memory beside its input of that size, write to
 * descriptors that are open, and end. Any other system call fails with ENOSYS and does nothing
 * (seccomp(2)); one by the numbers of another architecture kills the process. There is no way back.
 * Limits that may not be set (setrlimit(2)) are gone without. Negative: there is no jail. */
int jail_enter(size_t input_size);
