/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every certificate lies in the data, and no two overlap. */
#include "trust/efi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bounds {
    const uint8_t *next, *end;
};

static int check(const void *der, size_t size, void *userdata) {
    struct bounds *b = userdata;
    const uint8_t *start = der;

    if (start < b->next || size == 0 || size > (size_t) (b->end - start))
        abort();
    b->next = start + size;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bounds b = { .next = data, .end = data + size };
    int r;

    r = efi_signature_lists_walk(data, size, check, &b);
    if (r < 0 && r != -EBADMSG)
        abort();
    return 0;
}
