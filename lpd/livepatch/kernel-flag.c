/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "livepatch/kernel-flag.h"

int kernel_flag_read(const struct host *h, const char *path) {
    _cleanup_free_ char *value = NULL;

    if (file_read_line(h, path, &value) < 0)
        return -1;
    if (streq(value, "1") || streq(value, "Y"))
        return 1;
    return streq(value, "0") || streq(value, "N") ? 0 : -1;
}

int kernel_flag_set(struct host *h, const char *path) {
    int r;

    if (kernel_flag_read(h, path) == 1)
        return 0;
    r = h->ops->write_value(h, path, "1");
    if (r < 0)
        return r;
    return kernel_flag_read(h, path) == 1 ? 1 : -EIO;
}
