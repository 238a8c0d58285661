/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* The part of the boot that happens in the initramfs: lpd initrd. */

/* Reports the result of one patch. */
typedef void (*early_report)(struct host *h, const struct result *result, int r, const struct error *e);

/* Loads the patches of the image with Stage=initrd in their order. A failed patch does not stop the
 * others. Leaves the results and a list of the image's patches in /run/lpd. The budget of
 * state/early.h limits the whole stage: patches beyond it are recorded as skipped and left to the
 * host. All patches together wait at most ten seconds for transitions of other patches. 0, or a
 * negative errno if the manifests could not be read at all. */
int early_load(struct host *h, early_report report, struct error *e);
