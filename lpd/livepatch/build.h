/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"

/* Whether the loaded module of a patch's name is the build in a file. */
enum build {
    BUILD_SAME,
    BUILD_OTHER,
    BUILD_UNKNOWN, /* unknown: treated like another build */
};

/* Compares the GNU build ids; the kernel shows that of a loaded module. If one side has none,
 * compares the SHA256 recorded at the load (NULL: none) with that of the file. The name alone does
 * not identify a build. */
enum build build_compare(const struct livepatch *in, const char *recorded_sha256, const char *build_id,
                         const char *sha256);
