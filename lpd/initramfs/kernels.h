/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The kernels that are installed, by their releases. */

/* Whether a kernel of that release can be booted: its image is in /boot or beside its modules
 * (/boot/vmlinuz-RELEASE, /usr/lib/modules/RELEASE/vmlinuz). */
bool kernel_is_installed(const struct host *h, const char *release);

/* All of them, in version order. 0 or a negative errno. */
int kernels_installed(const struct host *h, char ***ret);

/* The one that boots next unless somebody chooses another at the machine: what the boot loader has on record
 * (boot-loader.h), or, where that cannot be told, the last in version order, which is what GRUB
 * (grub-mkconfig(8)) and systemd-boot(7) put first. *ret is NULL if no kernel is found. 0 or a negative errno. */
int kernels_next(const struct host *h, char **ret);
