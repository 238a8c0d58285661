/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"
#include "monitor/process.h"
#include "state/results.h"

/* Patches that lpd has loaded and that another program disables: lpd.service detects that at once,
 * and names the program. */

/* Somebody at the switch of a patch. */
struct touch {
    char *patch;       /* the module's name */
    struct process by;
    bool wrote;        /* to it, or had it open for that and closed it */
    bool announced;    /* the kernel was about to disable the patch for it */
    bool vain;         /* after which the patch was still in */
    uint64_t usec;     /* on host->ops->now(): the last sign of it */
};

struct tampering {
    int group;                 /* of monitor/switches.h; negative: nothing is noticed */
    char **marked;             /* the patches that it tells of */
    char **out;                /* those on record that are out: they have been dealt with */
    struct touch touches[64];  /* the last ones */
    size_t n_touches;
    uint64_t lost_usec;        /* when somebody was at a switch who cannot be told any more; 0: nobody */
    bool undecided;            /* the patches are to be looked at again, and again */
};

#define TAMPERING_NULL ((struct tampering){ .group = -EBADF })

void tampering_done(struct tampering *t);

/* Reads what the group has to tell, or as much of it as is taken at a time. 1: somebody else than lpd is at a switch, so that the patches
 * are to be looked at; 0; a negative errno if the group cannot be read. */
int tampering_note(struct tampering *t, struct host *h);

/* The kernel tells that a process has it disable a patch, which may be by a sysfs that the group does
 * not see. comm is the name of the process. Returns as tampering_note(). */
int tampering_note_unpatching(struct tampering *t, struct host *h, const char *patch, int pid,
                              uint32_t uid, const char *comm);

/* Compares the kernel's patches with what is on record of them. A patch that somebody else has
 * switched off is put on record as disabled, told to the journal, and its unit is stopped. A
 * negative errno: there are patches of which nothing will be noticed. */
int tampering_judge(struct tampering *t, struct host *h, const struct livepatch_list *l, struct result_list *results);
