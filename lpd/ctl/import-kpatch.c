/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "ctl/change.h"
#include "ctl/install.h"
#include "store/kpatch-files.h"
#include "system/kpatch-service.h"

static int import_one(struct ctl *c, struct manager *m, const char *path, struct error *e) {
    return install_one(c, m, &c->host, path, e);
}

/* failed is the first failure so far and is the one that is returned in the end. */
static int import_release(struct ctl *c, struct manager *m, const char *release, int failed,
                          struct error *e) {
    _cleanup_strv_free_ char **paths = NULL;
    int r;

    r = kpatch_installed(&c->host, release, &paths);
    if (r < 0)
        return failed < 0 ? failed : error_set(e, r, EXIT_STATUS_FAILED, KPATCH_DIRECTORY "/%s: %s", release,
                                               strerror(-r));
    c->kernel = release;
    return changes_each(c, m, paths, failed, import_one, e);
}

/* lpd loads them from now on. If one of them could not be installed, kpatch goes on loading it. */
static int disable_service(struct ctl *c, int failed, struct error *e) {
    int r;

    if (!kpatch_service_is_enabled(&c->host))
        return 0;
    if (failed < 0) {
        changes_note(c, KPATCH_SERVICE " stays enabled, as not every patch could be installed");
        return 0;
    }
    if (c->dry_run) {
        changes_note(c, KPATCH_SERVICE " would be disabled");
        return 0;
    }
    r = kpatch_service_disable(&c->host);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, KPATCH_SERVICE " cannot be disabled: %s", strerror(-r));
    changes_note(c, KPATCH_SERVICE " is disabled: lpd loads these patches at boot");
    return r;
}

int ctl_import_kpatch(struct ctl *c, char **argv _unused_, struct error *e) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_(images_done) struct images before = {};
    _cleanup_strv_free_ char **releases = NULL;
    int r;

    changes_begin(c);
    r = changes_prepare(c, &m, &before, e);
    if (r < 0)
        return r;
    r = file_list(&c->host, KPATCH_DIRECTORY, &releases);
    if (r < 0 && r != -ENOENT)
        return error_set(e, r, EXIT_STATUS_FAILED, KPATCH_DIRECTORY ": %s", strerror(-r));
    c->no_load = true;
    r = 0;
    STRV_FOREACH(release, releases)
        r = import_release(c, m, *release, r, e);
    (void) RET_GATHER(r, disable_service(c, r, e));
    return images_refresh(c, &before, r, e);
}
