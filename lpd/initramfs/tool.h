/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* How to rebuild the initramfs of a kernel. */
struct initramfs_rebuild {
    const char *tool;    /* the tool's name, for messages */
    char **argv;         /* the command; argv[0] is an absolute path */
    bool every_kernel;   /* it rebuilds the images of all kernels at once */
    bool hooked;         /* lpd's hook for that tool is installed, so that an image contains patches */
};

void initramfs_rebuild_done(struct initramfs_rebuild *b);

/* Finds the command of the installed tool. 1; 0 if there is no known one; -ENOMEM. */
int initramfs_rebuild_find(const struct host *h, const char *release,
                           struct initramfs_rebuild *ret);

/* The command as a person types it. NULL if memory runs out. */
char *initramfs_rebuild_text(const struct initramfs_rebuild *b);

/* Both together: the text of the command; NULL if there is none. The caller frees *ret. 0 or
 * -ENOMEM. */
int initramfs_rebuild_command(const struct host *h, const char *release, char **ret);

/* When the image that the boot loader uses for that kernel was written, CLOCK_REALTIME in
 * microseconds; 0 if it is not where the common tools put it. */
uint64_t initramfs_image_usec(const struct host *h, const char *release);
