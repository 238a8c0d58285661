/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "config/conf-files.h"
#include "system/unit-mask.h"

/* The first directory that has a unit of that name wins: systemd.unit(5), "Unit File Load
 * Path". */
static const char *const directories[] = {
    "/etc/systemd/system.control",   "/run/systemd/system.control", "/run/systemd/transient",
    "/etc/systemd/system",           "/run/systemd/system",         "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
};

int unit_file_find(const struct host *h, const char *unit, char **ret) {
    for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (asprintf(&path, "%s/%s", directories[i], unit) < 0)
            return -ENOMEM;
        if (file_lstat(h, path, &st) < 0)
            continue;
        *ret = TAKE_PTR(path);
        return conf_masks(h, *ret) ? 0 : 1;
    }
    return -ENOENT;
}

/* 1: a mask; 0: a unit; -ENOENT: neither. */
static int find_mask(const struct host *h, const char *unit, char **ret) {
    _cleanup_free_ char *path = NULL;
    int r;

    r = unit_file_find(h, unit, &path);
    if (r == 0)
        *ret = TAKE_PTR(path);
    return r < 0 ? r : !r;
}

int unit_mask_find(const struct host *h, const char *unit, char **ret) {
    const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
    _cleanup_free_ char *template = NULL;
    int r;

    r = find_mask(h, unit, ret);
    if (r != -ENOENT || !at || !dot)
        return r == -ENOENT ? 0 : r;
    if (asprintf(&template, "%.*s%s", (int) (at + 1 - unit), unit, dot) < 0)
        return -ENOMEM;
    r = find_mask(h, template, ret);
    return r == -ENOENT ? 0 : r;
}
