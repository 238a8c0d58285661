/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/manifest.h"
#include "module/file.h"

/* Reasons for a load to refuse a module before its signature is checked: its bytes do not match the
 * manifest, or it is not a live patch for that kernel. Pure; trust/gate.h continues with the
 * signature. */

/* Whether the pin of a manifest allows these bytes; kernel is the manifest's section for the
 * release, or NULL if it has none. path names the file in the message. 0; -EKEYREJECTED
 * (EXIT_STATUS_REFUSED). */
int module_check_pin(const char *path, const char *sha256, const struct manifest_kernel *kernel,
                     struct error *e);

/* Whether it is a live patch for that kernel release (NULL: the release is unknown). 0; -EINVAL,
 * -EBADMSG (EXIT_STATUS_REFUSED): no live patch, or an invalid name; -ENOEXEC
 * (EXIT_STATUS_KERNEL). */
int module_check_form(const struct module_file *f, const char *release, struct error *e);
