/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Where kpatch(1) puts the modules that its service loads at boot: RELEASE/MODULE.ko in this directory
 * ("kpatch install"). */
#define KPATCH_DIRECTORY "/var/lib/kpatch"

/* The modules that are installed for a kernel, as paths in version order; none if there is no such
 * directory. 0 or a negative errno. */
int kpatch_installed(const struct host *h, const char *release, char ***ret);
