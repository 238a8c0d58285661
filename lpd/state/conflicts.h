/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

#define CONFLICTS_DIRECTORY "/run/lpd/conflicts"

/* The Conflicts= of this boot's patches, recorded when a patch is loaded: an empty file
 * /run/lpd/conflicts/OTHER/NAME. If OTHER's own manifest does not name the conflict, its load can
 * find the manifests that do without reading all of them. The reader then checks what such a
 * manifest says now, and whether its patch is loaded. */

/* 0 or a negative errno. */
int conflicts_write(const struct host *h, const char *name, char *const *others);

/* The patches that are recorded as conflicting with that name ('-' and '_' are the same), or NULL.
 * 0 or -ENOMEM. */
int conflicts_read(const struct host *h, const char *name, char ***ret);
