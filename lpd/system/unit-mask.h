/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Whether systemd would refuse to start a unit since somebody has masked it: systemctl(1), "mask". Told from files,
 * so below another root too. 1 with the path of what masks it, which is to be freed; 0; -ENOMEM. An instance is
 * also masked with its template. */
int unit_mask_find(const struct host *h, const char *unit, char **ret);
