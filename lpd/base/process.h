/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Runs a program and waits for its end: argv[0] is its path. It gets no input, no blocked signal and a
 * process group of its own, which is killed as a whole when timeout_usec is over. What it prints goes
 * where this program's own output goes, or, with output_fd >= 0, its standard output there. Returns 1
 * with the status of waitpid(2), 0 when the time was over, or why it could not be run. */
int process_run(char *const *argv, int output_fd, uint64_t timeout_usec, int *ret_status);
