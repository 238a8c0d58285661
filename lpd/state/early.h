/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/budget.h"

/* What the initramfs has spent on patches in this boot, in /run/lpd: the runs of lpd there and that of
 * lpd-volume share one budget. lpd(8), "INITRAMFS", names the numbers. */

#define EARLY_BYTES_MAX ((uint64_t) 64 * 1024 * 1024)
#define EARLY_PATCHES_MAX 64
#define EARLY_SEC_MAX 20
/* Beyond that, for the step that was begun in time. */
#define EARLY_GRACE_SEC 5

struct early_record {
    uint64_t bytes, patches, usec; /* spent */
    bool stopped;        /* one of them did not come to its end */
    /* Of who is at it: */
    uint64_t begin_usec;
    bool stopped_before;
};

/* -ENOENT: lpd did not run in the initramfs; -EBADMSG: not such a file. */
int early_record_read(const struct host *h, struct early_record *ret);

/* Takes up the budget where the last one left it. Until early_end() the record says that it was stopped. */
void early_begin(struct host *h, struct early_record *record, struct budget *budget);

/* Writes down what was spent. That it cannot be written is no reason not to boot. */
void early_end(struct host *h, struct early_record *record, const struct budget *budget);

/* After the end of a program that was stopped: it took that long. */
void early_stopped(struct host *h, uint64_t usec);
