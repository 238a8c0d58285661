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

/* Whether it is about the mount point that is the first n characters of a path. */
bool fstab_is_place(const struct fstab_line *line, const char *path, size_t n);

/* Whether a mount of that type, with these options, is made only when the network is there. */
bool fstab_needs_network(const char *type, const char *options);
