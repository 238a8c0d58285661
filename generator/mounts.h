/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "base/host.h"

/* Writes an After= with the mount units that a path may be on, following its links. A mount that
 * needs the network is left out, because it comes after the patches: 1 then; 0; or a negative
 * errno. */
int mounts_write_after(const struct host *h, FILE *f, const char *path);
