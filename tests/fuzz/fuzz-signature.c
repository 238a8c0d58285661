/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "module/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct appended_signature s = {};
    struct error e = ERROR_NULL;
    int r;

    r = appended_signature_find(data, size, &s, &e);
    if (r < 0 && (!e.message || s.present))
        abort();
    /* 12 bytes of trailer, 28 of marker */
    if (r >= 0 && s.signed_size + s.signature_size + (s.present ? 12 + 28 : 0) != size)
        abort();
    error_done(&e);
    return 0;
}
