/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* kpatch.service of the package kpatch, which loads at boot whatever kpatch(1) has installed, past
 * lpd. A link of that name to another unit is not meant. */

#define KPATCH_SERVICE "kpatch.service"

bool kpatch_service_is_enabled(const struct host *h);

/* What systemctl disable does; systemd need not run. 1, 0 if it was not enabled, or a negative
 * errno. */
int kpatch_service_disable(const struct host *h);
