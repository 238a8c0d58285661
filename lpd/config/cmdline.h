/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* lpd's switches, and what else it needs to know, on the kernel command line:
 * kernel-command-line(7), lpd-generator(8). */
struct cmdline_switches {
    bool disabled;       /* lpd=0 (or rd.lpd=0 in the initramfs) */
    bool lock_disabled;  /* lpd.lock=0 */
    bool kpatch_disabled; /* kpatch.enable=0, of kpatch(1) */
    bool crash_kernel;   /* this kernel was started by another's crash: kdump */
    char *machine_id;    /* systemd.machine_id=, which may be invalid; NULL: not set */
    char **kernel_settings; /* options of the kernel itself that keep modules or patches out */
    char **modules_load; /* modules_load=, which systemd-modules-load.service loads */
    char **skip;         /* lpd.skip= (and rd.lpd.skip= in the initramfs), every name */
};

void cmdline_switches_done(struct cmdline_switches *s);

/* Parses a command line like the kernel and systemd (quotes; '-' and '_' are the same in option
 * names). Pure. Words that are not lpd's are skipped. 0 or -ENOMEM. */
int cmdline_parse(const char *line, bool in_initrd, struct cmdline_switches *ret);

/* Reads /proc/cmdline of the host, or $SYSTEMD_PROC_CMDLINE (for tests, by secure_getenv(3)). It
 * may be missing if the host is not live. A crash kernel is also recognized by /proc/vmcore,
 * because not all machines say it on the command line. 0 or a negative errno. */
int cmdline_read(const struct host *h, bool in_initrd, struct cmdline_switches *ret);

/* Why nothing is loaded or locked in this boot, according to the command line; NULL: no reason. */
const char *cmdline_off(const struct cmdline_switches *s);

/* Whether lpd.skip= names that patch; '-' and '_' are the same. */
bool cmdline_skips(const struct cmdline_switches *s, const char *name);
