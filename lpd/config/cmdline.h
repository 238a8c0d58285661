/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* lpd's switches on the kernel command line: kernel-command-line(7), lpd-generator(8). */
struct cmdline_switches {
    bool disabled;       /* lpd=0 (or rd.lpd=0 in the initramfs) */
    bool lock_disabled;  /* lpd.lock=0 */
    bool crash_kernel;   /* this kernel was started by another's crash: kdump */
    char *machine_id;    /* systemd.machine_id=, which need not be one; NULL: not there */
    char **kernel_settings; /* of the kernel's own, those that keep modules or patches out */
    char **skip;         /* lpd.skip= (and rd.lpd.skip= in the initramfs), every name */
};

void cmdline_switches_done(struct cmdline_switches *s);

/* Parses a command line as the kernel and systemd do (quotes, '-' and '_' alike in option names).
 * Pure. Words that are not lpd's are passed over. 0 or -ENOMEM. */
int cmdline_parse(const char *line, bool in_initrd, struct cmdline_switches *ret);

/* Reads /proc/cmdline of the host, or $SYSTEMD_PROC_CMDLINE (for tests, by secure_getenv(3)). Where
 * the host is not live it may be missing. A crash kernel is also
 * known by /proc/vmcore, as not all machines tell it on its command line. 0 or a negative errno. */
int cmdline_read(const struct host *h, bool in_initrd, struct cmdline_switches *ret);

/* Why nothing is loaded or locked in this boot, so far as the kernel tells it; NULL: no reason. */
const char *cmdline_off(const struct cmdline_switches *s);

/* Whether lpd.skip= names that patch; '-' and '_' alike. */
bool cmdline_skips(const struct cmdline_switches *s, const char *name);
