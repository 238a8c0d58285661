/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guard/verdict.h"

/* What people see when they log in, after a patch was quarantined while nobody was watching:
 * pam_motd(8) shows the files of /run/motd.d. A file of the same name in /etc/motd.d, such as a link
 * to /dev/null, replaces ours: that is how an administrator turns it off. */

#define NOTICE_PATH "/run/motd.d/lpd"

/* The text, or NULL in *ret if nothing is quarantined. Only builds for that kernel release count,
 * and of each patch only the build whose state is the newest: a quarantined build that a later one
 * has followed concerns nobody. Pure. 0 or -ENOMEM. */
int notice_text(const struct ledger_list *l, const char *release, const struct guard_moment *m,
                char **ret);

/* Writes the file, or removes it if nothing is quarantined. For every program that changes the
 * ledger, and once in each boot, as /run is empty then. 0, or a negative errno. */
int notice_update(struct host *h);
