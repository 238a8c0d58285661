/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

#define CONFLICTS_DIRECTORY "/run/lpd/conflicts"

/* Who names whom in Conflicts=, noted in this boot when the first of them is loaded: an empty file
 * /run/lpd/conflicts/OTHER/NAME. So the load of OTHER, which names nobody itself, finds the manifests
 * that speak of it without reading all there are. What such a manifest says now, and whether its patch is
 * in, is for the reader to see. */

/* 0 or a negative errno. */
int conflicts_write(const struct host *h, const char *name, char *const *others);

/* The patches that were noted against that name ('-' and '_' alike); NULL for none. 0 or -ENOMEM. */
int conflicts_read(const struct host *h, const char *name, char ***ret);
