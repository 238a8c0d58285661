/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* Where an early ledger (early-ledger.h) is that is a file on a volume. */

/* Exists if it is: lpd-early.service has something to do. */
#define EARLY_ON_VOLUME RESULTS_DIRECTORY "/early-on-volume"
void early_mark_volume(const struct host *h);

/* In the initramfs: the device with that file, which lpd-ledger has found. */
struct early_volume {
    char *node, *type;
};

void early_volume_done(struct early_volume *v);
int early_volume_write(const struct host *h, const struct early_volume *v);
/* -ENOENT: none was found yet; -EBADMSG: invalid record. */
int early_volume_read(const struct host *h, struct early_volume *ret);
