/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The bytes of an early ledger (early-ledger.h) in a file on a volume. A power cut at any moment leaves
 * the old bytes or the new ones, also on vfat: the file has room for both, and once it exists nothing
 * but its content changes. */

#define EARLY_LEDGER_FILE "/lpd.ledger"
#define EARLY_LEDGER_SIZE_MAX ((size_t) 8192)

/* directory: NULL, the root, or without a slash at its end. -ENOENT: there is no such file; -EBADMSG: it was
 * damaged; another negative errno. */
int early_file_read(const struct host *h, const char *directory, char **ret, size_t *ret_size);

/* 1; 0 if those bytes are there already; or a negative errno. */
int early_file_write(const struct host *h, const char *directory, const void *data, size_t size);
