/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Kernel logs that survived the end of their boot: Documentation/ABI/testing/pstore. The records
 * are in /sys/fs/pstore until systemd-pstore.service(8) moves them to /var/lib/systemd/pstore;
 * nothing here removes them. */

#define PSTORE_DIRECTORY "/sys/fs/pstore"
#define PSTORE_ARCHIVE_DIRECTORY "/var/lib/systemd/pstore"

#define PSTORE_RECORDS_MAX 512
#define PSTORE_RECORD_SIZE_MAX ((size_t) 1024 * 1024)
#define PSTORE_SIZE_MAX ((size_t) 4 * 1024 * 1024) /* of all records */

/* The end of one log. The kernel splits it into parts, of which the first has the newest lines. */
struct pstore_dump {
    char *reason;    /* "Panic#1": why, and how many dumps that boot had made; "console" */
    uint64_t usec;   /* CLOCK_REALTIME of the first part */
    char *text;      /* oldest lines first; begins each part with its header, as the kernel does */
    size_t text_size;
    bool complete;   /* no part between the first and the last is missing */
};

struct pstore {
    struct pstore_dump *dumps; /* in the order of time */
    size_t n_dumps;
    size_t n_compressed; /* records that the kernel could not decompress, .enc.z */
    size_t n_skipped;    /* records that are too large, too many or unreadable */
};

void pstore_done(struct pstore *p);

/* Reads both directories; missing ones are empty. Console logs (console-*) are dumps with the
 * reason "console", and have no facilities; what programs write (pmsg-*) is left out. 0 or
 * -ENOMEM. */
int pstore_read(const struct host *h, struct pstore *ret);
