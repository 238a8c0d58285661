/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parsers return is a name, and they reach the end. */
#include "livepatch/trace-list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise) {
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *) data, *more = text;
    size_t left = size, before = size + 1;
    struct traced_function f;
    struct kernel_probe p;

    while (traced_function_next(&text, &left, &f) > 0) {
        require(left < before && f.name[0] && !strpbrk(f.name, " \t\n"));
        require(!strpbrk(f.module, " \t\n]") && !strpbrk(f.target, " \t\n+"));
        before = left;
    }
    require(left == 0);
    before = size + 1;
    while (kernel_probe_next(&more, &size, &p) > 0) {
        require(size < before && p.name[0] && !strpbrk(p.name, " \t\n+"));
        before = size;
    }
    require(size == 0);
    return 0;
}
