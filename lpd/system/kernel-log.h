/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Writes a line to the kernel's log (/dev/kmsg), as "PROGRAM: TEXT", with a priority of syslog(3),
 * for times without a journal: the host's journal reads the log later. Longer text is cut. The text
 * never contains "livepatch:", which begins the kernel's own lines about patches, so that the two
 * cannot be confused. Returns 0, or a negative errno if it could not be written. */
int kernel_log_write(const char *program, int priority, const char *text);

/* The kernel's log of this boot, in the form of dmesg -r: each line begins with the facility of its
 * writer, the time and, if the kernel knows it, the caller. At most max bytes, the newest lines. 0;
 * -EPERM or -EACCES without privileges; another negative errno. */
int kernel_log_read(const struct host *h, size_t max, char **ret, size_t *ret_size);
