/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* Decompresses data that begin with the magic bytes of xz, zstd or gzip into an open descriptor:
 * exactly one stream. At most max bytes are written, and the memory of the decoder is limited too,
 * so a decompression bomb does no harm. Returns 1; 0, without writing, if the data are in none of
 * these formats; -EFBIG if the output or the memory would exceed its limit, -EBADMSG for damaged or
 * truncated data (EXIT_STATUS_REFUSED), -ENOMEM, or an error of write(2). *produced is the number
 * of bytes written, also on failure, because they cost time too. */
int decompress(const void *data, size_t size, size_t max, int fd, size_t *produced,
               struct error *e);
