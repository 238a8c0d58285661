/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Runs a program that checks whether a patch works, and waits for it; after timeout_usec it is
 * killed with its whole process group. 0 if it exits with status 0; EXIT_STATUS_REFUSED if others
 * than root can change the program; -EPROTO for another status or a signal, -ETIME
 * (EXIT_STATUS_TIMEOUT), or why it could not be run. */
int probe_run(const struct host *h, const char *path, uint64_t timeout_usec, struct error *e);
