/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* Decompresses what begins with the magic bytes of xz, zstd or gzip, one stream with nothing behind
 * it, into an open descriptor. At most max bytes come out, and the window of a decoder has a bound of
 * its own, so a bomb costs no more than that.
 * Returns 1; 0 if the data are in no such format, and nothing was written; -EFBIG if more than max bytes or
 * a larger window would be needed, -EBADMSG for damaged or truncated data (EXIT_STATUS_REFUSED), -ENOMEM, or
 * what write(2) says. *produced says how many bytes came out, also on failure: they have cost their time. */
int decompress(const void *data, size_t size, size_t max, int fd, size_t *produced,
               struct error *e);
