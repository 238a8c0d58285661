/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"
#include "monitor/process.h"
#include "state/results.h"

/* Patches that lpd has loaded and that another program disables: lpd.service detects that at once,
 * and names the program. */

/* A process that accessed the switch of a patch. */
struct touch {
    char *patch;       /* the module's name */
    struct process by;
    bool wrote;        /* it wrote, or closed the switch after opening it for writing */
    bool announced;    /* the kernel was about to disable the patch on its behalf */
    bool vain;         /* the patch was still enabled afterwards */
    uint64_t usec;     /* on host->ops->now(): the last event */
};

struct tampering {
    int group;                 /* of monitor/switches.h; negative: nothing is detected */
    char **marked;             /* the patches that the group watches */
    char **out;                /* recorded patches that are not in effect and have been handled */
    struct touch touches[64];  /* the most recent ones */
    size_t n_touches;
    uint64_t lost_usec;        /* when a process that cannot be identified any more accessed a
                                * switch; 0: none did */
    bool undecided;            /* the cause is not certain yet: look again */
};

#define TAMPERING_NULL ((struct tampering){ .group = -EBADF })

void tampering_done(struct tampering *t);

/* Reads the pending events of the group, up to a limit. 1 if a process other than lpd's accessed a
 * switch, so that the patches have to be checked; 0 if not; a negative errno if the group cannot be
 * read. */
int tampering_note(struct tampering *t, struct host *h);

/* Handles the kernel's report that a process makes it disable a patch, possibly through a sysfs
 * that the group does not watch. comm is the name of the process. Returns as tampering_note(). */
int tampering_note_unpatching(struct tampering *t, struct host *h, const char *patch, int pid,
                              uint32_t uid, const char *comm);

/* Compares the kernel's patches with the records. If another program has disabled a patch, records
 * that, reports it in the journal, and stops its unit. A negative errno: changes of some patches
 * will not be detected. */
int tampering_judge(struct tampering *t, struct host *h, const struct livepatch_list *l, struct result_list *results);
