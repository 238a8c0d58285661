/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What systemd mounts when, as far as fstab(5) and unit files tell: systemd.mount(5),
 * systemd.automount(5). */

/* The unit of the mount point that is the first n characters of a path: systemd-escape(1) --path.
 * The suffix is "mount" or "automount". NULL when out of memory. */
char *mount_unit_name(const char *path, size_t n, const char *suffix);

/* Whether something mounts that place when it is looked into. */
bool mount_unit_is_automount(const struct host *h, const char *fstab, const char *path, size_t n);

/* The mount point behind path, wherever its links lead to, that systemd mounts only after
 * generators have run: in front of them are the root, /usr, and what says x-initrd.mount. 1; 0:
 * there is none; or a negative errno. */
int mount_unit_find_late(const struct host *h, const char *path, char **ret);

/* Likewise the one that needs the network, which comes after the patches. */
int mount_unit_find_remote(const struct host *h, const char *path, char **ret);
