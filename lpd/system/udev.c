/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "livepatch/wait.h"
#include "system/udev.h"

/* Exists while udev has events to handle; udevadm settle waits for it, see systemd-udevd(8). */
#define QUEUE "/run/udev/queue"

static int is_idle(struct host *h, void *userdata _unused_) {
    return !file_exists(h, QUEUE);
}

void udev_wait_idle(struct host *h) {
    (void) wait_until(h, wait_deadline(h, UDEV_TIMEOUT_USEC), is_idle, NULL);
}
