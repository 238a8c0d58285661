/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Creating what lpd.service watches the kernel with needs privileges; using it needs none. So a
 * command that runs before the service creates it, and systemd stores the descriptors and passes
 * them to the service: sd_listen_fds(3), sd_pid_notify_with_fds(3). */

#define FD_STORE_SWITCHES "switches" /* monitor/switches.h */
#define FD_STORE_REFUSALS "refusals" /* monitor/refusals.h */
#define FD_STORE_KERNEL_LOG "kernel-log" /* livepatch/kmsg.h */
#define FD_STORE_FUNCTIONS "enabled-functions" /* livepatch/overrides.h */

/* Creates everything and passes it to systemd, in place of what was stored before. Leaves out what
 * cannot be created, with an error about the first such thing. */
int fd_store_fill(struct host *h, struct error *e);

/* The descriptor of that name; a negative errno: it was not passed. The caller owns it from then
 * on. */
int fd_store_take(const char *name);
