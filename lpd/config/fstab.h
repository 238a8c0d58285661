/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* fstab(5), as far as it is known from there what is mounted when. */

struct fstab_line {
    char place[4096], type[64], options[1024];
};

/* Its text; "" if there is none, or it cannot be read. 0 or -ENOMEM. */
int fstab_read(const struct host *h, char **ret);

/* The next line that mounts something, and moves *text on. false: there is none. */
bool fstab_next(const char **text, struct fstab_line *ret);

/* The mount point behind path, wherever its links lead to, that systemd mounts only after generators have run:
 * in front of them are the root, /usr, and what says x-initrd.mount. 1; 0: there is none; or a negative errno. */
int fstab_find_late(const struct host *h, const char *path, char **ret);
