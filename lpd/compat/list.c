/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/process.h"
#include "base/strv.h"
#include "config/name.h"
#include "compat/kpatch.h"
#include "livepatch/transition.h"
#include "livepatch/view.h"

/* The verbs that only read. */

static const char *state_of(const struct livepatch *p) {
    if (p->transition)
        return p->enabled ? "enabling..." : "disabling...";
    return p->enabled ? "enabled" : "disabled";
}

/* Programs expect two words in each line: a file or directory with blanks in its name is no patch. */
static int list_installed(const struct host *h, const char *release) {
    _cleanup_strv_free_ char **paths = NULL;
    int r;

    r = kernel_release_is_valid(release) ? kpatch_installed(h, release, &paths) : 0;
    STRV_FOREACH(path, paths) {
        _cleanup_free_ char *module = kpatch_module_name(*path);

        if (!module)
            return -ENOMEM;
        if (patch_name_is_valid(module))
            printf("%s (%s)\n", module, release);
    }
    return r;
}

/* Only of patches that are in effect. */
static void list_functions(const struct livepatch_list *l) {
    printf("\nCurrently livepatched functions:\n");
    for (size_t i = 0; i < l->n_patches; i++)
        STRV_FOREACH(function, l->patches[i].enabled ? l->patches[i].functions : NULL)
            printf("%s %s\n", l->patches[i].name, *function);
}

int kpatch_list(struct ctl *c, bool functions) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = {};
    _cleanup_strv_free_ char **releases = NULL;
    int r;

    r = livepatch_list_read(&c->host, NULL, &l);
    if (r < 0)
        return kpatch_die("cannot read the kernel's live patches: %s", strerror(-r));
    printf("Loaded patch modules:\n");
    for (size_t i = 0; i < l.n_patches; i++)
        printf("%s [%s]\n", l.patches[i].name, state_of(l.patches + i));
    printf("\nInstalled patch modules:\n");
    r = file_list(&c->host, KPATCH_DIRECTORY, &releases);
    r = r == -ENOENT ? 0 : r;
    STRV_FOREACH(release, releases)
        RET_GATHER(r, list_installed(&c->host, *release));
    if (functions)
        list_functions(&l);
    return r < 0 ? kpatch_die("cannot read " KPATCH_DIRECTORY ": %s", strerror(-r)) : 0;
}

int kpatch_info(struct ctl *c, const char *argument) {
    static const char *const programs[] = { "/usr/sbin/modinfo", "/sbin/modinfo", "/usr/bin/modinfo" };
    _cleanup_free_ char *path = NULL;
    int status = -1;

    if (kpatch_find(c, argument, &path) < 0)
        return kpatch_die("can't find %s", argument);
    printf("Patch information for %s:\n", argument);
    (void) fflush(stdout);
    for (size_t i = 0; i < ELEMENTSOF(programs); i++)
        if (file_exists(&c->host, programs[i])) {
            char *const argv[] = { (char *) programs[i], path, NULL };

            if (process_run(argv, -EBADF, USEC_INFINITY, &status) > 0 && status == 0)
                return 0;
            break;
        }
    return kpatch_die("failed to get info for module %s", argument);
}

int kpatch_signal(struct ctl *c) {
    _cleanup_free_ char *name = NULL;

    if (transition_find(&c->host, &name) > 0) {
        kpatch_warn("Livepatch process signaling is performed automatically on your system.");
        kpatch_warn("Skipping manual process signaling.");
    }
    return 0;
}
