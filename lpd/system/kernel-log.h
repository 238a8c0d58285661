/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Writes a line to the kernel's log (/dev/kmsg), as "PROGRAM: TEXT", with a priority of syslog(3),
 * for times without a journal: the host's journal reads the log later. Longer text is cut. The text
 * never contains "livepatch:", which begins the kernel's own lines about patches, so that the two
 * cannot be confused. Returns 0, or a negative errno if it could not be written. */
int kernel_log_write(const char *program, int priority, const char *text);
