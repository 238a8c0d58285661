/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "store/kpatch-files.h"

int kpatch_installed(const struct host *h, const char *release, char ***ret) {
    _cleanup_strv_free_ char **names = NULL, **paths = NULL;
    _cleanup_free_ char *directory = NULL;
    int r;

    if (asprintf(&directory, KPATCH_DIRECTORY "/%s", release) < 0)
        return -ENOMEM;
    r = file_list(h, directory, &names);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        return r;
    STRV_FOREACH(name, names) {
        char *path;

        if (!endswith(*name, ".ko"))
            continue;
        if (asprintf(&path, "%s/%s", directory, *name) < 0 || strv_consume(&paths, path) < 0)
            return -ENOMEM;
    }
    *ret = TAKE_PTR(paths);
    return 0;
}
