/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* The part of the boot that happens in the initramfs: lpd initrd. */

/* Reports the result of one patch. */
typedef void (*early_report)(struct host *h, const struct result *result, int r, const struct error *e);

/* Loads the patches with Stage=initrd of the image, in their order, each on its own. Leaves the
 * results and a list of the image's patches in /run/lpd. The budget of state/early.h limits the
 * whole stage: patches over it are recorded as skipped, and are left to the host. The transition
 * of another patch is waited for at most ten seconds, for all patches together. 0, or a negative
 * errno if the manifests could not be read at all. */
int early_load(struct host *h, early_report report, struct error *e);
