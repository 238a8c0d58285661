/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>

#include "bpf/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Uses one file for all inputs, because creating one for each would take most of the time. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = { "bpf_key_put", "a", "bpf_lsm_bpf" };
    uint32_t ids[] = { UINT32_MAX, UINT32_MAX, UINT32_MAX };
    static int fd = -EBADF;
    int r;

    if (fd < 0)
        fd = memfd_create("btf", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t) size)
        abort();
    r = btf_find_functions(fd, names, ELEMENTSOF(names), ids);
    /* A type has at least 12 bytes, so ids cannot be larger than that. */
    for (size_t i = 0; i < ELEMENTSOF(ids); i++)
        if (r < 0 ? ids[i] != UINT32_MAX : ids[i] > size / 12)
            abort();
    return 0;
}
