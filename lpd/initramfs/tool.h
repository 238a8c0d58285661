/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* How the initramfs of a kernel is made again. */
struct initramfs_rebuild {
    const char *tool;    /* whose it is, for messages */
    char **argv;         /* the command; argv[0] is an absolute path */
    bool every_kernel;   /* it makes the images of all kernels at once */
    bool hooked;         /* lpd's hook for that tool is installed, so that an image carries patches */
};

void initramfs_rebuild_done(struct initramfs_rebuild *b);

/* Finds the command by the tool that is installed. 1; 0 if there is none that is known; -ENOMEM. */
int initramfs_rebuild_find(const struct host *h, const char *release, struct initramfs_rebuild *ret);

/* The command as a person types it. NULL when out of memory. */
char *initramfs_rebuild_text(const struct initramfs_rebuild *b);

/* Both in one: the text of the command; NULL if there is none. *ret is to be freed. 0 or -ENOMEM. */
int initramfs_rebuild_command(const struct host *h, const char *release, char **ret);

/* When the image that the boot loader has for that kernel was written, CLOCK_REALTIME in microseconds;
 * 0 if it does not lie where the common tools put it. */
uint64_t initramfs_image_usec(const struct host *h, const char *release);
