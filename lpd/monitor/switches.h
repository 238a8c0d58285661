/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"

/* Who touches the switches of patches, /sys/kernel/livepatch/NAME/enabled: fanotify(7) tells the
 * process, without polling. The kernel's own changes make no such event. */

/* Makes the group of notifications, empty. Only one that was made with CAP_SYS_ADMIN tells other
 * processes' ids; marking files and reading events takes no capability. The descriptor, or a
 * negative errno. */
int switches_open(struct host *h);

/* From now on that group tells of these patches, and of no others; those that are gone by now are
 * passed over. 0, or the first negative errno. */
int switches_mark(const struct host *h, int group, const struct livepatch_list *l);

struct switch_event {
    char *patch;  /* the module's name; NULL: a patch that is gone, or events were lost */
    int pid;      /* 0: likewise */
    bool wrote;   /* it has written to it, or had it open for that and closed it; else it opens it */
};

void switch_event_done(struct switch_event *e);

/* Takes the next event. 1; 0: there is none; a negative errno. */
int switches_next(int group, struct switch_event *ret);
