/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/cmdline.h"

/* Whether the text is the id of a machine: 32 hexadecimal digits, not all of them zero. */
bool machine_id_is_valid(const char *id);

/* Reads the id of this machine, 32 lower-case hex digits: systemd.machine_id= of the kernel
 * command line, else /etc/machine-id, machine-id(5). That of an initramfs is ignored, because it
 * comes from the machine that built the image. -ENOENT: there is none, or it is "uninitialized" or
 * otherwise invalid. -ENOMEM. */
int machine_id_read(const struct host *h, bool in_initrd, const struct cmdline_switches *switches, char **ret);

/* The same outside of an initramfs, for a caller that has not read the kernel command line. */
int machine_id_find(const struct host *h, char **ret);
