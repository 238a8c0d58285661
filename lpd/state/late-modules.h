/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The modules that were loaded after the time of the lock, in each of the last boots without a
 * lock: one JSON file, written by lpd.service. */

#define LATE_RECORD_PATH "/var/lib/lpd/late-modules.json"
#define LATE_BOOTS_MAX 10
#define LATE_MODULES_MAX 100 /* in one boot; later modules are not recorded */

struct late_boot {
    char *id; /* /proc/sys/kernel/random/boot_id */
    char **modules;
};

struct late_record {
    struct late_boot boots[LATE_BOOTS_MAX]; /* the oldest first */
    size_t n_boots;
};

void late_record_done(struct late_record *l);

/* Reads the record; a missing one is empty. -EBADMSG if it is invalid, or another negative
 * errno. */
int late_record_read(const struct host *h, struct late_record *ret);

/* Adds modules, or none, to the entry of a boot, in one step that survives a power cut; the oldest
 * boot is dropped. An invalid record is replaced. The directory must exist. 0 or a negative
 * errno. */
int late_record_add(const struct host *h, const char *boot_id, char *const *modules);
