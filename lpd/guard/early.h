/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/policy.h"
#include "state/early-ledger.h"

/* The early ledger (state/early-ledger.h) between the initramfs and the host. Each image says where
 * it is: the host settles that when the image is made. In the initramfs /var/lib/lpd/ledger is in
 * memory: what the image and the early ledger say. */

/* In the initramfs: where its early ledger is. *ret is NULL if it has none. 0 or -ENOMEM. */
int early_place_of_image(const struct host *h, const char *release, char **ret);

/* Copies what the early ledger says into the ledger of the initramfs, in the place of what the image
 * says. 0; -ENODEV: it is not there, perhaps not yet; another errno: nothing is known of it. */
int early_ledger_fetch(struct host *h, const char *place);

/* In the initramfs: ledger_attempt_add() and ledger_attempt_remove() for both ledgers. Of an attempt
 * that is not in the early ledger nothing is on record. */
int early_attempt_add(struct host *h, const char *place, const struct ledger_build *build,
                      const struct ledger_attempt *attempt);
int early_attempt_remove(struct host *h, const char *place, const char *kernel, const char *sha256,
                         const char *boot_id);

/* On the host, for each program that has changed the ledger, and first of all in each boot: adds to
 * the ledger what the initramfs wrote down, once a boot, and writes to the early ledger what concerns
 * the initramfs, if that is not there already. 1 if it was written, 0 if not, or a negative errno:
 * then the next initramfs may not know of the change. */
int ledger_early_sync(struct host *h);

/* The same for programs that may not be allowed to write there: then lpd-early.service does it. */
void ledger_early_sync_soon(struct host *h);

/* On the host, for an image that is being made: where its initramfs will write attempts, by Ledger=.
 * With auto that is the first one that takes the ledger now: the firmware, the volume of [Store], /boot,
 * the EFI system partition; for another machine the volume of [Store], or the firmware. *ret is NULL if
 * it is nowhere. 0 or -ENOMEM. */
int early_place_settle(struct host *h, const struct policy *p, char **ret);
