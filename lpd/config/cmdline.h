/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* lpd's switches on the kernel command line: kernel-command-line(7), lpd-generator(8). */
struct cmdline_switches {
    bool disabled;       /* lpd=0 (or rd.lpd=0 in the initramfs) */
    bool lock_disabled;  /* lpd.lock=0 */
    char **skip;         /* lpd.skip= (and rd.lpd.skip= in the initramfs), every name */
};

void cmdline_switches_done(struct cmdline_switches *s);

/* Parses a command line as the kernel and systemd do (quotes, '-' and '_' alike in option names).
 * Pure. Words that are not lpd's are passed over. 0 or -ENOMEM. */
int cmdline_parse(const char *line, bool in_initrd, struct cmdline_switches *ret);

/* Reads /proc/cmdline of the host, or $SYSTEMD_PROC_CMDLINE (for tests, by secure_getenv(3)). Where
 * the host is not live it may be missing. 0 or a negative errno. */
int cmdline_read(const struct host *h, bool in_initrd, struct cmdline_switches *ret);

/* Whether lpd.skip= names that patch; '-' and '_' alike. */
bool cmdline_skips(const struct cmdline_switches *s, const char *name);
