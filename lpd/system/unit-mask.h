/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Whether systemd would refuse to start a unit because it is masked: systemctl(1), "mask". Reads
 * files, so it also works with another root. 1 with the path of the mask, which the caller frees;
 * 0; -ENOMEM. An instance is also masked with its template. */
int unit_mask_find(const struct host *h, const char *unit, char **ret);

/* The file that systemd takes a unit from: 1; 0: it is a mask; -ENOENT: there is none; -ENOMEM. The
 * caller frees the path. */
int unit_file_find(const struct host *h, const char *unit, char **ret);
