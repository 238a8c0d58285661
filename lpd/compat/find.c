/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "compat/kpatch.h"

char *kpatch_module_name(const char *path) {
    const char *base = path_basename(path);
    _cleanup_free_ char *stem = strndup(base, strlen(base) - (endswith(base, ".ko") ? STRLEN(".ko") : 0));

    return stem ? patch_name_to_module(stem) : NULL;
}

int kpatch_find_installed(const struct host *h, const char *release, const char *name, char **ret) {
    _cleanup_free_ char *wanted = kpatch_module_name(name);
    _cleanup_strv_free_ char **paths = NULL;
    const char *found = NULL;
    int r;

    if (!wanted)
        return -ENOMEM;
    r = kpatch_installed(h, release, &paths);
    if (r < 0)
        return r;
    STRV_FOREACH(path, paths) {
        _cleanup_free_ char *module = kpatch_module_name(*path);

        if (!module)
            return -ENOMEM;
        /* A file with exactly that name comes before one that differs in '-' and '_'. */
        if (streq(path_basename(*path), name) || (!found && streq(module, wanted)))
            found = *path;
    }
    return found ? string_set(ret, found) : -ENOENT;
}

int kpatch_find(struct ctl *c, const char *argument, char **ret) {
    _cleanup_free_ char *path = NULL, *release = NULL;
    int r;

    if (strstr(argument, ".ko") && ctl_find_file(argument, &path, NULL) >= 0) {
        *ret = TAKE_PTR(path);
        return 0;
    }
    if (strchr(argument, '/'))
        return -ENOENT;
    r = c->host.ops->release(&c->host, &release);
    return r < 0 ? r : kpatch_find_installed(&c->host, release, argument, ret);
}
