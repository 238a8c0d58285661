/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What systemd mounts and when, according to fstab(5) and unit files: systemd.mount(5),
 * systemd.automount(5). */

/* The unit of the mount point that is the first n characters of a path: systemd-escape(1) --path.
 * The suffix is "mount" or "automount". NULL if memory runs out. */
char *mount_unit_name(const char *path, size_t n, const char *suffix);

/* Whether that mount point is mounted on first access. */
bool mount_unit_is_automount(const struct host *h, const char *fstab, const char *path, size_t n);

/* Finds a mount point on the way to path, with links followed, that systemd mounts only after
 * generators have run. Earlier are only the root, /usr, and mounts with x-initrd.mount. 1; 0: there
 * is none; or a negative errno. */
int mount_unit_find_late(const struct host *h, const char *path, char **ret);

/* The same for a mount point that needs the network, which is mounted after patches are loaded. */
int mount_unit_find_remote(const struct host *h, const char *path, char **ret);
