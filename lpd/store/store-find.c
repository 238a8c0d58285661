/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "config/name.h"
#include "store/store.h"

bool store_is_hidden(const struct host *h) {
    return !file_exists(h, "/var/lib/lpd");
}

/* The spellings of a module's file name, and the suffixes of compressed files. */
static int find_in_directory(const struct host *h, const char *directory, const char *file,
                             char **ret) {
    static const char *const suffixes[] = { "", ".xz", ".zst", ".gz" };

    for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s%s", directory, file, suffixes[i]) < 0)
            return -ENOMEM;
        if (file_exists(h, path)) {
            *ret = TAKE_PTR(path);
            return 0;
        }
    }
    return -ENOENT;
}

static int find_spelling(const struct host *h, const char *release, const char *file, char **ret) {
    static const struct {
        const char *before, *after;
    } directories[] = {
        { STORE_DIRECTORY "/", "" },
        { "/usr/lib/lpd/modules/", "" },
        { "/usr/lib/modules/", "/livepatch" },
    };
    int r = -ENOENT;

    for (size_t i = 0; i < ELEMENTSOF(directories) && r == -ENOENT; i++) {
        _cleanup_free_ char *directory = NULL;

        if (asprintf(&directory, "%s%s%s", directories[i].before, release,
                     directories[i].after) < 0)
            return -ENOMEM;
        r = find_in_directory(h, directory, file, ret);
    }
    return r;
}

int store_find_confirmed(const struct host *h, const char *module_path, char **ret) {
    _cleanup_free_ char *path = NULL;

    if (!startswith(module_path, STORE_DIRECTORY "/"))
        return -ENOENT;
    if (asprintf(&path, "%s" STORE_CONFIRMED_SUFFIX, module_path) < 0)
        return -ENOMEM;
    if (!file_exists(h, path))
        return -ENOENT;
    *ret = TAKE_PTR(path);
    return 0;
}

int store_find_module(const struct host *h, const char *release, const char *name,
                      const char *module, char **ret) {
    _cleanup_free_ char *plain = NULL, *spelled = NULL;
    int r;

    if (module && *module == '/') {
        if (!file_exists(h, module))
            return -ENOENT;
        *ret = strdup(module);
        return *ret ? 0 : -ENOMEM;
    }
    if (module)
        return find_spelling(h, release, module, ret);

    if (asprintf(&plain, "%s.ko", name) < 0)
        return -ENOMEM;
    r = find_spelling(h, release, plain, ret);
    if (r != -ENOENT)
        return r;
    /* Packages name the file as the kernel spells the module. */
    spelled = patch_name_to_module(plain);
    if (!spelled)
        return -ENOMEM;
    return streq(plain, spelled) ? -ENOENT : find_spelling(h, release, spelled, ret);
}

int store_find_module_of(const struct host *h, const char *release, const struct manifest *m, char **ret) {
    const struct manifest_kernel *kernel = manifest_kernel_for(m, release);
    const char *module = kernel ? kernel->module : NULL, *adopted = manifest_adopted_module(m, release);
    int r;

    r = store_find_module(h, release, m->name, module, ret);
    return r == -ENOENT && !module && adopted ? store_find_module(h, release, m->name, adopted, ret) : r;
}
