/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "guard/evidence.h"
#include "state/results.h"
#include "system/kernel-log.h"

/* lpd.service finds kernel faults in the code of the loaded patches, in this boot's log, and does
 * what OnFault= says. */

/* How long after the first new line a report is complete: the kernel prints it at once. */
#define FAULTS_DELAY_USEC USEC_PER_SEC

struct faults {
    struct kernel_log log;
    bool begun;         /* the lines of before this service were judged */
    /* How much CLOCK_MONOTONIC is ahead of the clock of the kernel's log: they drift apart by
     * seconds a day. Not known before there are new lines, and small early in the boot. */
    int64_t skew_usec;
    uint64_t handled[EVIDENCE_FAULTS_MAX]; /* times of faults, 0: free */
    size_t next;
    uint64_t told_usec;   /* of the newest fault that an earlier process of the service has told of */
    uint64_t newest_usec; /* of the newest one that was told of */
};

void faults_done(struct faults *f);

/* Reads new lines from a descriptor of kmsg_open_all(). 1: there are some of the kernel, so judge
 * them a little later; 0; or a negative errno. */
int faults_read(struct faults *f, struct host *h, int fd);

/* Judges what was read: writes the ledger, sends events, and with OnFault=revert unloads the patch
 * and fails its unit. l are this boot's results. Returns how many builds were blamed, or a negative
 * errno. */
int faults_judge(struct faults *f, struct host *h, const struct result_list *l);
