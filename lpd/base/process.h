/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "base/macro.h"

/* Runs a program and waits for its end; argv[0] is its path. It gets no input, no blocked signals
 * and a process group of its own, which is killed as a whole after timeout_usec. Its output goes
 * where this program's output goes or, with output_fd >= 0, its standard output goes to that
 * descriptor. Returns 1 with the status of waitpid(2), 0 after a timeout, -EINTR if this program was interrupted
 * (interrupt.h) and has ended that one, or a negative errno if it could not be run. */
int process_run(char *const *argv, int output_fd, uint64_t timeout_usec, int *ret_status);

/* Waits for the end of a child, which is killed after timeout_usec. Then it is not waited for any more:
 * a process that is stuck in a read from a failing disk cannot always be killed. Returns 1 with the
 * status of waitpid(2), 0 after a timeout, or a negative errno. */
int process_wait(pid_t pid, uint64_t timeout_usec, int *ret_status);
