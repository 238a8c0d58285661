/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "config/name.h"
#include "livepatch/facts.h"
#include "livepatch/sysfs.h"

static int attribute_path(const char *directory, const char *name, const char *attribute,
                          char **ret) {
    _cleanup_free_ char *module = NULL;
    char *path;

    if (!patch_name_is_valid(name))
        return -ENOENT;
    module = patch_name_to_module(name);
    if (!module ||
        asprintf(&path, "%s/%s%s%s", directory, module, *attribute ? "/" : "", attribute) < 0)
        return -ENOMEM;
    *ret = path;
    return 0;
}

int livepatch_path(const char *name, const char *attribute, char **ret) {
    return attribute_path(LIVEPATCH_DIRECTORY, name, attribute, ret);
}

int module_path(const char *name, const char *attribute, char **ret) {
    return attribute_path("/sys/module", name, attribute, ret);
}

int livepatch_flag_read(const struct host *h, const char *name, const char *attribute) {
    _cleanup_free_ char *path = NULL;

    if (livepatch_path(name, attribute, &path) < 0)
        return -1;
    return kernel_flag_read(h, path);
}

bool livepatch_is_registered(const struct host *h, const char *name) {
    _cleanup_free_ char *path = NULL;

    return livepatch_path(name, "", &path) >= 0 && file_exists(h, path);
}

int livepatch_write(struct host *h, const char *name, const char *attribute, const char *value) {
    _cleanup_free_ char *path = NULL;
    int r;

    r = livepatch_path(name, attribute, &path);
    if (r < 0)
        return r;
    return h->ops->write_value(h, path, value);
}
