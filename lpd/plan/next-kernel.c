/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "plan/next-kernel.h"
#include "store/store.h"

/* 1, 0 or -ENOMEM. What is broken is told of as such. */
static int is_missing(const struct host *h, const struct manifest_entry *entry, const char *release) {
    const struct manifest_kernel *kernel;
    _cleanup_free_ char *path = NULL;
    int r;

    if (entry->error_number < 0 || !entry->manifest.enabled)
        return 0;
    if (!manifest_covers(&entry->manifest, release))
        return 1;
    kernel = manifest_kernel_for(&entry->manifest, release);
    r = store_find_module(h, release, entry->name, kernel ? kernel->module : NULL, &path);
    return r == -ENOMEM ? r : r < 0;
}

int next_kernel_missing(const struct host *h, const struct manifest_list *manifests, const char *release,
                    char ***ret) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    for (size_t i = 0; i < manifests->n_entries; i++) {
        r = is_missing(h, manifests->entries + i, release);
        if (r > 0)
            r = strv_extend(&names, manifests->entries[i].name);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(names);
    return 0;
}
