/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "config/name.h"
#include "livepatch/kernel-flag.h"
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
    return attribute_path(MODULES_DIRECTORY, name, attribute, ret);
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

bool livepatch_is_sealed(const struct host *h) {
    _cleanup_close_ int fd = file_open(h, LIVEPATCH_DIRECTORY, O_PATH | O_DIRECTORY, 0);
    struct statvfs st;

    return fd >= 0 && fstatvfs(fd, &st) >= 0 && st.f_flag & ST_RDONLY;
}

static int write_at(struct host *h, const char *directory, const char *name, const char *attribute,
                    const char *value) {
    _cleanup_free_ char *path = NULL;
    int r;

    r = attribute_path(directory, name, attribute, &path);
    return r < 0 ? r : h->ops->write_value(h, path, value);
}

int livepatch_write(struct host *h, const char *name, const char *attribute, const char *value) {
    int r, k;

    r = write_at(h, LIVEPATCH_DIRECTORY, name, attribute, value);
    if (r != -EROFS)
        return r;
    /* Without that mount a read-only directory is not our seal. */
    k = write_at(h, LIVEPATCH_UNSEALED, name, attribute, value);
    return k == -ENOENT && livepatch_is_registered(h, name) ? r : k;
}
