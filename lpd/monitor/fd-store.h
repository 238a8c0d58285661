/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* What lpd.service watches the kernel by takes privileges to be made and none to be used. So a
 * command that runs before the service makes it, and systemd keeps the descriptors and hands them
 * over: sd_listen_fds(3), sd_pid_notify_with_fds(3). */

#define FD_STORE_SWITCHES "switches" /* monitor/switches.h */
#define FD_STORE_REFUSALS "refusals" /* monitor/refusals.h */

/* Makes everything and gives it to systemd, in place of what was there from before. What cannot be
 * had is left out, with an error that says so of the first such thing. */
int fd_store_fill(struct host *h, struct error *e);

/* The descriptor of that name; a negative errno: it was not handed over. It belongs to the caller
 * from then on. */
int fd_store_take(const char *name);
