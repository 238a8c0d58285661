/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "base/file.h"
#include "system/kpatch-service.h"

/* By its [Install] section. */
#define LINK "/etc/systemd/system/multi-user.target.wants/" KPATCH_SERVICE

/* In the order of systemd.unit(5). */
static const char *const units[] = {
    "/etc/systemd/system/" KPATCH_SERVICE,
    "/run/systemd/system/" KPATCH_SERVICE,
    "/usr/local/lib/systemd/system/" KPATCH_SERVICE,
    "/usr/lib/systemd/system/" KPATCH_SERVICE,
    "/lib/systemd/system/" KPATCH_SERVICE,
};

bool kpatch_service_is_enabled(const struct host *h) {
    struct stat st;

    if (file_lstat(h, LINK, &st) < 0)
        return false;
    for (size_t i = 0; i < ELEMENTSOF(units); i++)
        if (file_lstat(h, units[i], &st) >= 0)
            return S_ISREG(st.st_mode);
    return false;
}

int kpatch_service_disable(const struct host *h) {
    int r;

    if (!kpatch_service_is_enabled(h))
        return 0;
    r = file_unlink(h, LINK);
    return r < 0 ? r : 1;
}
