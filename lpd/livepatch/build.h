/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"

/* Whether the module that the kernel has under the name of a patch is the build in a file. */
enum build {
    BUILD_SAME,
    BUILD_OTHER,
    BUILD_UNKNOWN, /* unknown: treated like another build */
};

/* Compares by the GNU build id, which the kernel shows for loaded modules. If one side has none,
 * compares the SHA256 recorded at the load (NULL: none) with that of the file. The name alone does
 * not identify a build. */
enum build build_compare(const struct livepatch *in, const char *recorded_sha256, const char *build_id,
                         const char *sha256);
