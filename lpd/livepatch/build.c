/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livepatch/build.h"

enum build build_compare(const struct livepatch *in, const char *recorded_sha256, const char *build_id,
                         const char *sha256) {
    if (in->build_id && build_id)
        return streq(in->build_id, build_id) ? BUILD_SAME : BUILD_OTHER;
    if (recorded_sha256 && sha256)
        return streq(recorded_sha256, sha256) ? BUILD_SAME : BUILD_OTHER;
    return BUILD_UNKNOWN;
}
