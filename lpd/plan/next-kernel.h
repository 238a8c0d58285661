/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "config/manifest.h"

/* The enabled patches that a kernel of that release would boot without: their manifests do not cover it,
 * or it has no module. *ret is a list of names. 0 or -ENOMEM. */
int next_kernel_missing(const struct host *h, const struct manifest_list *manifests, const char *release,
                    char ***ret);
