/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "base/error.h"
#include "base/host.h"

/* Opens a regular file for reading. path is absolute, as seen from the root of h. The last
 * component must be no link, and the file neither empty nor larger than max bytes (whole MiB). With
 * trusted, it and every directory above it, up to that root, must belong to root (or to who runs
 * this) and be writable by nobody else: then nobody else has put there what is read. Returns the
 * descriptor. EXIT_STATUS_REFUSED: -EPERM (owner or mode), -ELOOP (link), -EISDIR, -EINVAL (not a
 * regular file), -ENOEXEC (empty), -EFBIG. EXIT_STATUS_PRIVILEGE: -EACCES. EXIT_STATUS_FAILED:
 * -ENOENT and other errors of open(2). The message does not name the path. */
int safe_file_open(const struct host *h, const char *path, size_t max, bool trusted,
                   struct error *e);

/* The same, read: *ret is NUL-terminated besides its ret_size bytes. 0 or a negative errno. */
int safe_file_read(const struct host *h, const char *path, size_t max, bool trusted, char **ret,
                   size_t *ret_size, struct error *e);

/* Whether nobody but root, or who runs this, can put other bytes into what has these attributes. */
bool safe_file_is_safe(const struct stat *st);

/* Directories that were found safe, so that each is looked at once. */
struct safe_directories {
    char *paths[8];
    unsigned next;
};
void safe_directories_done(struct safe_directories *known);

/* Whether nobody but root (or who runs this) can put anything else in the place of the file of that
 * path, or at the end of its links: each directory and each link on the way is looked at, and what is
 * found at the end. A link need not be root's, but the directory must be in which it lies. 0, or as
 * safe_file_open(). known may be NULL. */
int safe_file_check(const struct host *h, const char *path, struct safe_directories *known,
                    struct error *e);

/* The same for the directory of that path alone. */
int safe_file_check_directory(const struct host *h, const char *path, struct safe_directories *known,
                              struct error *e);

/* Describes an error of open(2) or read(2) with the exit status that it makes. Returns r. */
int safe_file_describe(int r, struct error *e);
