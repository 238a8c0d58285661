/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "boot/initramfs.h"

/* Debian's dracut has an update-initramfs of its own, which makes the image that the boot loader knows. */
static const struct {
    const char *program, *before, *after;
} tools[] = {
    { "/usr/sbin/update-initramfs", "update-initramfs -u -k ", "" },
    { "/usr/bin/dracut", "dracut --force --kver ", "" },
    { "/usr/bin/mkinitcpio", "mkinitcpio -P", NULL },
};

int initramfs_rebuild_command(const struct host *h, const char *release, char **ret) {
    *ret = NULL;
    for (size_t i = 0; i < ELEMENTSOF(tools); i++)
        if (file_exists(h, tools[i].program))
            return asprintf(ret, "%s%s", tools[i].before, tools[i].after ? release : "") < 0 ? -ENOMEM
                                                                                              : 0;
    return 0;
}
