/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/resolve.h"
#include "base/strv.h"
#include "config/fstab.h"
#include "mounts.h"
#include "system/mount-unit.h"

/* Writes the mount unit of each directory on the way to path, and its automount unit if it has
 * one. */
static int write_units(const struct host *h, FILE *f, const char *path, const char *fstab) {
    static const char *const suffixes[] = { "mount", "automount" };

    for (size_t n = 1; n < strlen(path); n++) {
        if (path[n] != '/')
            continue;
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
            _cleanup_free_ char *unit = NULL;

            if (i > 0 && !mount_unit_is_automount(h, fstab, path, n))
                continue;
            unit = mount_unit_name(path, n, suffixes[i]);
            if (!unit)
                return -ENOMEM;
            fprintf(f, "%s%s", i == 0 && n == strcspn(path + 1, "/") + 1 ? "After=" : " ", unit);
        }
    }
    if (strchr(path + 1, '/'))
        fputc('\n', f);
    return 0;
}

int mounts_write_after(const struct host *h, FILE *f, const char *path) {
    _cleanup_free_ char *resolved = NULL, *fstab = NULL, *place = NULL;
    int r;

    r = path_resolve(h, path, &resolved);
    if (r < 0)
        return r;
    /* livepatch@.service itself waits for these mounts. */
    if (startswith(resolved, "/var/lib/lpd/") || startswith(resolved, "/usr/"))
        return 0;
    r = mount_unit_find_remote(h, path, &place);
    if (r == 0)
        r = fstab_read(h, &fstab);
    return r == 0 ? write_units(h, f, resolved, fstab) : r;
}
