/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The volumes on which the host reads and writes the early ledger: what early_place_open() of
 * guard/early.h opens. */

/* On the host: the tag of the file system that is mounted, writable, at that directory, by which the
 * initramfs finds it too. *ret is NULL if nothing is mounted there, or a file system that the
 * initramfs does not write. 0 or -ENOMEM. */
int early_place_find_tag(const struct host *h, const char *directory, char **ret);
