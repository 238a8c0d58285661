/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The variables of the firmware, Documentation/filesystems/efivarfs.rst. A variable is named
 * NAME-GUID. */

#define EFI_VARIABLES "/sys/firmware/efi/efivars"

/* efivarfs: its mount point, or a root of its own. */
struct efi_variables {
    const struct host *host; /* NULL: own */
    const char *directory;
    struct host own;
};

#define EFI_VARIABLES_NULL ((struct efi_variables){ .own = HOST_NULL })

/* On the host systemd mounts it; an initramfs without systemd does not, so there it is mounted where
 * no other process sees it. -ENODEV: there are no variables; -EROFS: writable, and they are not;
 * -ENOMEM; another errno of the mount. */
int efi_variables_open(struct host *h, bool writable, struct efi_variables *ret);
void efi_variables_close(struct efi_variables *v);

/* The root below which the variables are, in the directory. */
const struct host *efi_variables_root(const struct efi_variables *v);

/* Reads a value of at most max bytes, without its attributes. -ENOENT: no such variable, or an empty
 * one; -EBADMSG: shorter than its attributes; an error of file_read(). */
int efi_variable_read(const struct efi_variables *v, const char *name, size_t max, char **ret,
                      size_t *ret_size);

/* Writes a value that stays when the power is off and that the running system can read, unless the
 * variable has it already. 1 if it was written, 0 if not. -ENOSPC: there is no room, or so little
 * that the firmware may suffer; -EFBIG; -EIO if the firmware refuses it; another negative errno. The
 * firmware keeps the old value then. */
int efi_variable_write(const struct efi_variables *v, const char *name, const void *data,
                       size_t size);
