/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/conf-files.h"
#include "lock/forecast/search.h"

/* Modules that configuration names directly: modules-load.d(5), and the softdeps of loaded
 * modules. */

static const char *const load_dirs[] = { "/etc/modules-load.d", "/run/modules-load.d",
                                         "/usr/local/lib/modules-load.d",
                                         "/usr/lib/modules-load.d" };

static int read_list(struct search *s, const char *path) {
    _cleanup_free_ char *text = NULL;
    char *rest, *line;
    unsigned number = 0;
    int r;

    r = search_read(s, path, &text);
    rest = text;
    while (r >= 0 && (line = search_line(&rest))) {
        number++;
        line += strspn(line, " \t\r");
        line[strcspn(line, " \t\r")] = '\0';
        if (*line && !strchr("#;", *line))
            r = search_alias(s, WANTED_MODULES_LOAD, line, "%s:%u", path, number);
    }
    return r;
}

/* A file hides those of the same name in later directories, also if it is empty or /dev/null. */
static int read_lists(struct search *s) {
    _cleanup_strv_free_ char **seen = NULL;
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(load_dirs); i++) {
        _cleanup_strv_free_ char **names = NULL;

        if (r >= 0)
            r = search_list(s, load_dirs[i], &names);
        STRV_FOREACH(name, names) {
            _cleanup_free_ char *path = NULL;

            if (r < 0 || !endswith(*name, CONF_SUFFIX) || strv_contains(seen, *name))
                continue;
            if (asprintf(&path, "%s/%s", load_dirs[i], *name) < 0)
                return -ENOMEM;
            r = strv_extend(&seen, *name);
            if (r >= 0)
                r = read_list(s, path);
        }
    }
    return r;
}

static int want_softdeps(struct search *s, const char *module) {
    _cleanup_strv_free_ char **missing = NULL;
    _cleanup_free_ char *reason = NULL;
    int r;

    r = module_index_softdeps(s->index, module, &missing);
    if (r < 0 || !missing)
        return r;
    if (asprintf(&reason, "a soft dependency of %s, which is loaded", module) < 0)
        return -ENOMEM;
    STRV_FOREACH(name, missing)
        if (r >= 0)
            r = search_add(s, WANTED_SOFTDEP, *name, /* loaded= */ false, reason);
    return r;
}

int search_module_lists(struct search *s) {
    _cleanup_strv_free_ char **modules = NULL;
    int r;

    r = read_lists(s);
    if (r >= 0)
        r = search_list(s, "/sys/module", &modules);
    STRV_FOREACH(module, modules)
        if (r >= 0 && module_is_loaded(s->host, *module))
            r = want_softdeps(s, *module);
    return r;
}
