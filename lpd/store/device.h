/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* A block device, identified by a tag (LABEL=, UUID=, PARTUUID=, PARTLABEL=). */
struct device {
    char *node; /* /dev/vdb1 */
    char *type; /* of the file system, in libblkid's terms; NULL: unknown */
};

void device_done(struct device *d);

/* Reads the tags of every block device, repeatedly, until one matches or wait_usec has passed. It
 * reads the devices themselves, because /dev/disk has no links before udev runs. A device that is
 * part of another one, such as one path of several, is ignored in favor of that one. -ENODEV: no
 * match; -ENOTUNIQ: several, which the message names. */
int device_find(struct host *h, const char *tag, uint64_t wait_usec, struct device *ret,
                struct error *e);
