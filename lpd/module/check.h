/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/manifest.h"
#include "module/file.h"

/* What makes a load refuse a module that is a module: its bytes are not those of the manifest, or it is
 * no live patch for that kernel. Pure; trust/gate.h goes on with the signature. */

/* Whether the pin of a manifest allows these bytes; kernel is the manifest's section for the release, and
 * NULL if it has none. path names the file in the message. 0; -EKEYREJECTED (EXIT_STATUS_REFUSED). */
int module_check_pin(const char *path, const char *sha256, const struct manifest_kernel *kernel,
                     struct error *e);

/* Whether it is a live patch for that kernel release (NULL: for which one is not known). 0; -EINVAL,
 * -EBADMSG (EXIT_STATUS_REFUSED): no live patch, or not a name for one; -ENOEXEC (EXIT_STATUS_KERNEL). */
int module_check_form(const struct module_file *f, const char *release, struct error *e);
