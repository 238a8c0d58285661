/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"

/* Whether what the kernel has under the name of a patch is the build that is in a file. */
enum build {
    BUILD_SAME,
    BUILD_OTHER,
    BUILD_UNKNOWN, /* cannot be told: as good as another one */
};

/* Compares by the GNU build id, which the kernel shows of what it has loaded. Where one side has none, by
 * the SHA256 that was recorded at the load (NULL: none was), with that of the file. A name is no
 * identity. */
enum build build_compare(const struct livepatch *in, const char *recorded_sha256, const char *build_id,
                         const char *sha256);
