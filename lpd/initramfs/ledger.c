/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "guard/early-place.h"
#include "guard/early.h"
#include "initramfs/ledger.h"
#include "state/ledger.h"

int initramfs_ledger_settle(struct host *h, const struct initramfs_files *f, char **ret) {
    _cleanup_(policy_done) struct policy p = {};
    int r;

    *ret = NULL;
    if (!f->programs)
        return 0;
    /* With an error in it nothing is loaded in the initramfs anyway. */
    r = policy_load(h, &p, NULL);
    return r < 0 ? (r == -ENOMEM ? r : 0) : early_place_settle(h, &p, ret);
}

static int add_if_exists(const struct host *h, struct initramfs_files *f, const char *path) {
    return file_exists(h, path) ? strv_extend(&f->files, path) : 0;
}

static int add_build(const struct host *h, const char *release, const char *sha256,
                     struct initramfs_files *f) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_free_ char *path = NULL;
    int r;

    r = ledger_read(h, release, sha256, &b);
    if (r < 0 || b.state == LEDGER_TRIAL)
        return r == -ENOMEM ? r : 0;
    if (asprintf(&path, LEDGER_DIRECTORY "/%s/%s.json", release, sha256) < 0)
        return -ENOMEM;
    return add_if_exists(h, f, path);
}

int initramfs_ledger_add(const struct host *h, const char *release, const char *place,
                         struct initramfs_files *f) {
    _cleanup_free_ char *path = NULL;
    int r;

    if (!f->programs)
        return 0;
    if (asprintf(&path, IMAGE_RECORDS "/%s.json", release) < 0)
        return -ENOMEM;
    r = add_if_exists(h, f, path);
    STRV_FOREACH(sha256, f->builds)
        if (r >= 0)
            r = add_build(h, release, *sha256, f);
    if (r < 0 || !place || streq(place, EARLY_EFI))
        return r;
    r = strv_extend(&f->programs, LPD_LIBEXECDIR "/lpd-ledger");
    return r < 0 ? r : initramfs_files_add_drivers(f);
}
