/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Waits until udev has no event to handle, which means that the drivers of the devices that are there have been
 * loaded and have looked for disks, but no longer than UDEV_TIMEOUT_USEC: some machines' devices are never idle. It
 * does not need systemd-udev-settle.service, which holds up every other unit that waits for udev as well. */
#define UDEV_TIMEOUT_USEC (30 * USEC_PER_SEC)

void udev_wait_idle(struct host *h);
