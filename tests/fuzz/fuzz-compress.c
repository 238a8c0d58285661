/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "module/compress.h"

#define LIMIT ((size_t) 64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_close_ int fd = memfd_new("fuzz");
    struct error e = ERROR_NULL;
    size_t n = 0;
    int r;

    if (fd < 0)
        return 0;
    r = decompress(data, size, LIMIT, fd, &n, &e);
    if (r > 0 && (n > LIMIT || lseek(fd, 0, SEEK_END) != (off_t) n))
        abort();
    if (r < 0 && r != -ENOMEM && !e.message)
        abort();
    error_done(&e);
    return 0;
}
