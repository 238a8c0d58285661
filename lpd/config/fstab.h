/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* fstab(5): what is mounted where, and when. */

struct fstab_line {
    char place[4096], type[64], options[1024];
};

/* Reads its text; "" if it does not exist or cannot be read. 0 or -ENOMEM. */
int fstab_read(const struct host *h, char **ret);

/* The next line that mounts something; moves *text past it. false: there is none. */
bool fstab_next(const char **text, struct fstab_line *ret);

/* Whether the line's mount point is the first n characters of a path. */
bool fstab_is_place(const struct fstab_line *line, const char *path, size_t n);

/* Whether systemd mounts that type, with these options, only after the network is up. */
bool fstab_needs_network(const char *type, const char *options);
