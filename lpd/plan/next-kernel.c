/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "module/check.h"
#include "plan/next-kernel.h"
#include "store/store.h"

/* 1 if that kernel has no module of the patch, or one that the gate refuses; 0 or -ENOMEM. A file
 * that cannot be read may be a good one. */
static int is_refused(const struct host *h, const char *path, const struct manifest_kernel *kernel,
                      const char *release) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = module_file_open(h, path, &f, &e);
    if (r < 0)
        return r == -ENOMEM ? r : e.exit_status != EXIT_STATUS_PRIVILEGE;
    module_file_sha256(&f);
    return module_check_pin(path, f.sha256, kernel, NULL) < 0 || module_check_form(&f, release, NULL) < 0;
}

/* 1, 0 or -ENOMEM. Invalid manifests are reported as such elsewhere. */
static int is_missing(const struct host *h, const struct manifest_entry *entry, const char *release) {
    const struct manifest_kernel *kernel;
    _cleanup_free_ char *path = NULL;
    int r;

    /* A module that is simply there was made for its kernel alone. */
    if (entry->error_number < 0 || !entry->manifest.enabled || entry->manifest.by_default)
        return 0;
    if (!manifest_covers(&entry->manifest, release))
        return 1;
    kernel = manifest_kernel_for(&entry->manifest, release);
    r = store_find_module_of(h, release, &entry->manifest, &path);
    if (r < 0)
        return r == -ENOMEM ? r : 1;
    return is_refused(h, path, kernel, release);
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
