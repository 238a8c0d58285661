/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What the boot loader has recorded: for GRUB its grub.cfg (with the choices of grub-reboot(8) and
 * grub-set-default(8) in grubenv, and with the entries of the Boot Loader Specification if
 * grub.cfg includes them), for systemd-boot(7) the entries and the default in loader.conf or in
 * EFI variables. */

/* Which of these releases it boots next. *ret is NULL if that is unknown: there is no record, this
 * user may not read it, or the entry is no kernel of the list. 0 or -ENOMEM. */
int boot_loader_next(const struct host *h, char *const *releases, char **ret);
