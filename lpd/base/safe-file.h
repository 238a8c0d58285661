/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "base/error.h"
#include "base/host.h"

/* Opens a regular file for reading. path is absolute, as seen from the root of h. The last
 * component must not be a link, and the file must be neither empty nor larger than max bytes (whole
 * MiB). With trusted, the file and every directory above it, up to that root, must belong to root
 * (or to the caller) and must not be writable by anyone else, so that no one else can have written
 * its content. Returns the descriptor. EXIT_STATUS_REFUSED: -EPERM (owner or mode), -ELOOP (link),
 * -EISDIR, -EINVAL (not a regular file), -ENOEXEC (empty), -EFBIG. EXIT_STATUS_PRIVILEGE: -EACCES.
 * EXIT_STATUS_FAILED: -ENOENT and other errors of open(2). The message does not name the path. */
int safe_file_open(const struct host *h, const char *path, size_t max, bool trusted,
                   struct error *e);

/* The same, and reads the file: *ret has ret_size bytes and a NUL after them. 0 or a negative
 * errno. */
int safe_file_read(const struct host *h, const char *path, size_t max, bool trusted, char **ret,
                   size_t *ret_size, struct error *e);

/* Whether only root, or the caller, can change the content of a file with these attributes. */
bool safe_file_is_safe(const struct stat *st);

/* Directories that were found safe, so that each is checked once. */
struct safe_directories {
    char *paths[8];
    unsigned next;
};
void safe_directories_done(struct safe_directories *known);

/* Whether only root (or the caller) can put another file in the place of that path, or at the end
 * of its links. Checks each directory and each link on the way, and the file at the end. A link
 * need not belong to root, but its directory must. 0, or an error as of safe_file_open(). known may
 * be NULL. */
int safe_file_check(const struct host *h, const char *path, struct safe_directories *known,
                    struct error *e);

/* The same for a file that was opened with O_NOFOLLOW and has these attributes. */
int safe_file_check_opened(const struct host *h, const char *path, const struct stat *st,
                           struct safe_directories *known, struct error *e);

/* The same for the directory of that path only. */
int safe_file_check_directory(const struct host *h, const char *path,
                              struct safe_directories *known,
                              struct error *e);

/* Describes an error of open(2) or read(2), with its exit status. Returns r. */
int safe_file_describe(int r, struct error *e);
