/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/budget.h"

/* How much of their budget for patches the programs of the initramfs have used in this boot, in
 * /run/lpd: the runs of lpd there and lpd-volume share one budget. lpd(8), "INITRAMFS", has the
 * numbers. */

#define EARLY_BYTES_MAX ((uint64_t) 64 * 1024 * 1024)
#define EARLY_PATCHES_MAX 64
#define EARLY_SEC_MAX 20
/* How much longer a step may take if it began within that time. */
#define EARLY_GRACE_SEC 5

struct early_record {
    uint64_t bytes, patches, usec; /* used */
    bool stopped;        /* one of them did not finish */
    /* Of the program that is running: */
    uint64_t begin_usec;
    bool stopped_before;
};

/* -ENOENT: lpd did not run in the initramfs; -EBADMSG: invalid record. */
int early_record_read(const struct host *h, struct early_record *ret);

/* Continues the budget where the previous program left it. Until early_end() the record says that
 * this program was stopped. */
void early_begin(struct host *h, struct early_record *record, struct budget *budget);

/* Records what was used. The boot continues even if that fails. */
void early_end(struct host *h, struct early_record *record, const struct budget *budget);

/* Accounts for the time of a program that was stopped, after its end. */
void early_stopped(struct host *h, uint64_t usec);

/* Gives the next program all the bytes and patches again, but no more time: it reads once more what was
 * left out because its attempt could not be written yet. */
void early_again(struct host *h);
