/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "module/compress.h"

#define LIMIT ((size_t) 64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_free_ char *out = NULL;
    struct error e = ERROR_NULL;
    size_t n = 0;
    int r;

    r = decompress(data, size, LIMIT, &out, &n, &e);
    if (r > 0 ? n > LIMIT || out[n] != '\0' : out != NULL)
        abort();
    if (r < 0 && r != -ENOMEM && !e.message)
        abort();
    error_done(&e);
    return 0;
}
