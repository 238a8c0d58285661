/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The installed kernels, by their releases. */

/* Whether a kernel of that release can be booted: its image is in /boot or with its modules
 * (/boot/vmlinuz-RELEASE, /usr/lib/modules/RELEASE/vmlinuz). */
bool kernel_is_installed(const struct host *h, const char *release);

/* All of them, in version order. 0 or a negative errno. */
int kernels_installed(const struct host *h, char ***ret);

/* The kernel that boots next unless a user selects another in the boot menu: the one that the boot
 * loader has recorded (boot-loader.h), or, if that is unknown, the last in version order, which
 * GRUB (grub-mkconfig(8)) and systemd-boot(7) put first. *ret is NULL if there is no kernel. 0 or a
 * negative errno. */
int kernels_next(const struct host *h, char **ret);
