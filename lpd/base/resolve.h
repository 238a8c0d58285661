/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* realpath(3) below the root, for a path whose last components may not exist yet; the root itself
 * is "". 0, -ELOOP or -ENOMEM. */
int path_resolve(const struct host *h, const char *path, char **ret);
