/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "state/conflicts.h"

static int directory_of(const char *name, char **ret) {
    _cleanup_free_ char *module = NULL;

    if (!patch_name_is_valid(name))
        return -EINVAL;
    module = patch_name_to_module(name);
    return !module || asprintf(ret, CONFLICTS_DIRECTORY "/%s", module) < 0 ? -ENOMEM : 0;
}

static int write_one(const struct host *h, const char *name, const char *other) {
    _cleanup_free_ char *directory = NULL, *path = NULL;
    int r;

    r = directory_of(other, &directory);
    if (r < 0)
        return r;
    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    r = file_mkdir_p(h, directory);
    return r < 0 ? r : file_write_volatile(h, path, "", 0, 0644);
}

int conflicts_write(const struct host *h, const char *name, char *const *others) {
    int r = patch_name_is_valid(name) ? 0 : -EINVAL;

    STRV_FOREACH(other, others)
        if (r >= 0)
            r = write_one(h, name, *other);
    return r;
}

int conflicts_read(const struct host *h, const char *name, char ***ret) {
    _cleanup_free_ char *directory = NULL;
    int r;

    *ret = NULL;
    r = directory_of(name, &directory);
    if (r >= 0)
        r = file_list(h, directory, ret);
    return r == -ENOMEM ? r : 0;
}
