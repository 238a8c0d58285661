/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Writes a line to the kernel's log (/dev/kmsg), as "PROGRAM: TEXT", with a priority of syslog(3),
 * for times without a journal: the host's journal reads the log later. Longer text is cut. The text
 * never contains "livepatch:", which begins the kernel's own lines about patches, so that the two
 * cannot be confused. Returns 0, or a negative errno if it could not be written. */
int kernel_log_write(const char *program, int priority, const char *text);

/* A part of the kernel's log of this boot, in the form of dmesg -r: each line begins with the
 * facility of its writer, the time and, if the kernel knows it, the caller. */
struct kernel_log {
    char *data;
    size_t size, allocated;
    uint64_t last_usec; /* the kernel's time of the newest line: about CLOCK_MONOTONIC */
};

void kernel_log_done(struct kernel_log *l);

/* Appends what a descriptor of kmsg_open_all() has, and keeps at most max bytes, the newest lines. 1: some lines
 * are the kernel's own; 0: none is; or a negative errno. */
int kernel_log_add(struct kernel_log *l, int fd, size_t max);

/* Drops the oldest lines, so that at most max bytes remain. */
void kernel_log_keep(struct kernel_log *l, size_t max);

/* The whole log, at most max bytes of it. 0, or an error of kmsg_open_all(). */
int kernel_log_read(const struct host *h, size_t max, char **ret, size_t *ret_size);
