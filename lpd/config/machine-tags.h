/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The tags of this machine: TAGS= of /etc/machine-info, separated by colons, machine-info(5) of systemd
 * 261. 0 or -ENOMEM; without a readable file there are none. */
int machine_tags_read(const struct host *h, char ***ret);
