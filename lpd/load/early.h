/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* The part of the boot that happens in the initramfs: lpd initrd. */

/* Tells what became of one patch. */
typedef void (*early_report)(struct host *h, const struct result *result, int r, const struct error *e);

/* Loads the patches with Stage=initrd that are there, in their order, each on its own, whatever becomes of
 * the others. Leaves the results and a list of what was carried in /run/lpd. Bounded by what
 * state/early.h allows for the whole stage: what is over it is on record as skipped, and is left to the
 * host. A transition that is in the way is waited for ten seconds at most, for all patches together.
 * 0, or a negative errno if the manifests could not be read at all. */
int early_load(struct host *h, early_report report, struct error *e);
