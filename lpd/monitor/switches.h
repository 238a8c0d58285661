/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"

/* Processes that access the switches of patches, /sys/kernel/livepatch/NAME/enabled: fanotify(7)
 * names the process, without polling. Changes by the kernel itself cause no such event. */

/* Creates an empty notification group. Only a group created with CAP_SYS_ADMIN reports other
 * processes' ids; marking files and reading events needs no capability. The descriptor, or a
 * negative errno. */
int switches_open(struct host *h);

/* Makes that group report these patches, and no others; those that no longer exist are skipped. 0,
 * or the first negative errno. */
int switches_mark(const struct host *h, int group, const struct livepatch_list *l);

struct switch_event {
    char *patch;  /* the module's name; NULL: a patch that no longer exists, or events were lost */
    int pid;      /* 0: unknown */
    bool wrote;   /* wrote to it, or closed it after opening it to write; else it opened it */
};

void switch_event_done(struct switch_event *e);

/* Takes the next event. 1; 0 if there is none; a negative errno. */
int switches_next(int group, struct switch_event *ret);
