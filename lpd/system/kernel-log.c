/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "system/kernel-log.h"

/* Longer text fails with EINVAL: PRINTKRB_RECORD_MAX, kernel/printk/printk.c. */
#define TEXT_MAX 900

#define KERNEL_PREFIX "livepatch:"

static void make_ours(char *text) {
    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = ' ';
    for (char *c = text; (c = strstr(c, KERNEL_PREFIX));) {
        c += STRLEN(KERNEL_PREFIX);
        memmove(c - 1, c, strlen(c) + 1);
    }
}

/* Opens the log for each line, because the kernel limits the rate of each descriptor
 * (printk.devkmsg=ratelimit). A line must be one write(2); dprintf(3) of older C libraries fails
 * here, because it tries to seek. */
int kernel_log_write(const char *program, int priority, const char *text) {
    _cleanup_close_ int fd = open("/dev/kmsg", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    _cleanup_free_ char *line = NULL;

    if (fd < 0)
        return -errno;
    if (asprintf(&line, "<%d>%s: %.*s", priority, program, TEXT_MAX, text) < 0)
        return -ENOMEM;
    make_ours(line);
    return write(fd, line, strlen(line)) < 0 ? -errno : 0;
}
