/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What the boot loader itself has on record: for GRUB its grub.cfg (with what grub-reboot(8) and
 * grub-set-default(8) chose in grubenv, and with the entries of the Boot Loader Specification where grub.cfg
 * takes them), for systemd-boot(7) the entries and the default in loader.conf or in EFI variables. */

/* Which of these releases it boots next. *ret is NULL if that cannot be told: nothing is there or may be read
 * by this user, or what it boots is no kernel of the list. 0 or -ENOMEM. */
int boot_loader_next(const struct host *h, char *const *releases, char **ret);
