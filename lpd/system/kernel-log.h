/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Writes a line to the kernel's log (/dev/kmsg), as "PROGRAM: TEXT", with a priority of syslog(3). For
 * where there is no journal yet: the host's reads it in. Longer text is cut. What is written never contains
 * "livepatch:", which is how the kernel's own lines about patches begin, so that nobody takes ours for
 * them. Returns 0, or a negative errno if it could not be written. */
int kernel_log_write(const char *program, int priority, const char *text);
