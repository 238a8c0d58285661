/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "initramfs/boot-loader.h"
#include "initramfs/kernels.h"

bool kernel_is_installed(const struct host *h, const char *release) {
    static const struct {
        const char *before, *after;
    } places[] = { { "/boot/vmlinuz-", "" }, { "/usr/lib/modules/", "/vmlinuz" } };
    bool found = false;

    for (size_t i = 0; i < ELEMENTSOF(places) && !found; i++) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s%s%s", places[i].before, release, places[i].after) < 0)
            return false;
        found = file_exists(h, path);
    }
    return found;
}

int kernels_installed(const struct host *h, char ***ret) {
    _cleanup_strv_free_ char **releases = NULL, **found = NULL;
    int r;

    r = file_list(h, "/usr/lib/modules", &releases);
    if (r < 0 && r != -ENOENT)
        return r;
    STRV_FOREACH(release, releases) {
        if (!kernel_release_is_valid(*release) || !kernel_is_installed(h, *release))
            continue;
        r = strv_extend(&found, *release);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(found);
    return 0;
}

int kernels_next(const struct host *h, char **ret) {
    _cleanup_strv_free_ char **releases = NULL;
    int r;

    *ret = NULL;
    r = kernels_installed(h, &releases);
    if (r >= 0)
        r = boot_loader_next(h, releases, ret);
    return r < 0 || *ret || !releases ? r : string_set(ret, releases[strv_length(releases) - 1]);
}
