/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* A block device with what a tag (LABEL=, UUID=, PARTUUID=, PARTLABEL=) names. */
struct device {
    char *node; /* /dev/vdb1 */
    char *type; /* of the file system, as libblkid calls it; NULL: it has none that is known */
};

void device_done(struct device *d);

/* Looks into every block device for the tag, again and again until one has it or wait_usec is over: by what
 * is written on the devices, as there are no links in /dev/disk before udev is. What is the part of another
 * device, such as one path of several, is passed over in favour of that. -ENODEV: there is none; -ENOTUNIQ:
 * several, which the message names. */
int device_find(struct host *h, const char *tag, uint64_t wait_usec, struct device *ret, struct error *e);
