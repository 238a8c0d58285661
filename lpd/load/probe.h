/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Runs a program that says whether a patch does what it should, and waits for it; one that takes
 * longer than timeout_usec is killed with its whole process group. 0 if it ended with status 0;
 * EXIT_STATUS_REFUSED if somebody other than root can say what it does; -EPROTO for another status or a signal, -ETIME (EXIT_STATUS_TIMEOUT), or why it could not be run. */
int probe_run(const struct host *h, const char *path, uint64_t timeout_usec, struct error *e);
