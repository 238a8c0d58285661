/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "base/host.h"

/* Files below the root descriptor of a host. Paths are absolute as seen from that root; symbolic
 * links are resolved inside it and never lead out of it (openat2(2), RESOLVE_IN_ROOT). All
 * functions return 0 or a positive value, or a negative errno. */

/* open(2) below the root; O_CLOEXEC is added. Returns the descriptor. */
int file_open(const struct host *h, const char *path, int flags, mode_t mode);

/* Reads a whole regular, sysfs or procfs file of at most max bytes; a larger one is -EFBIG. *ret
 * has ret_size bytes, which may include NULs, and a NUL after them; ret_size may be NULL. */
int file_read(const struct host *h, const char *path, size_t max, char **ret, size_t *ret_size);

/* The same from an open descriptor, from its current offset on. */
int file_read_fd(int fd, size_t max, char **ret, size_t *ret_size);

/* The same for a caller that has its status already. */
int file_read_opened(int fd, const struct stat *st, size_t max, char **ret, size_t *ret_size);

/* An empty file in memory, memfd_create(2). Returns the descriptor. */
int memfd_new(const char *name);

/* Seals the file, so that no process, including this one, can change it any more: fcntl(2), "File
 * sealing". */
int memfd_seal(int fd);

/* Copies the content of an open descriptor from its offset on, at most max bytes (more is -EFBIG),
 * to another one, through a small buffer. */
int file_copy_fd(int from, int to, size_t max, size_t *ret_size);

/* Writes all of data to an open descriptor. */
int file_write_fd(int fd, const void *data, size_t size);

/* Reads a small file and cuts white space from its end. */
int file_read_line(const struct host *h, const char *path, char **ret);

/* Whether the path exists; links are followed. */
bool file_exists(const struct host *h, const char *path);

/* fstat(2) of the path without following a link in its last component. */
int file_lstat(const struct host *h, const char *path, struct stat *ret);

/* The sorted (strverscmp(3)) names in a directory, without . and .. */
int file_list(const struct host *h, const char *path, char ***ret);

/* Creates a directory and its missing parents, mode 0755, and syncs them. An existing one is
 * fine. */
int file_mkdir_p(const struct host *h, const char *path);

/* Writes a file in one step that survives a power cut: temporary file, fsync, rename, fsync of the
 * directory. The directory must exist. An existing file is replaced. */
int file_write_atomic(const struct host *h, const char *path, const void *data, size_t size,
                      mode_t mode);

/* Like file_write_atomic() without any fsync, for /run. */
int file_write_volatile(const struct host *h, const char *path, const void *data, size_t size,
                        mode_t mode);

/* Removes a file and syncs its directory. */
int file_unlink(const struct host *h, const char *path);

/* Removes an empty directory. -ENOTEMPTY if it is not empty. */
int file_rmdir(const struct host *h, const char *path);

/* The last component of a path. */
const char *path_basename(const char *path);

/* Opens the directory of path; *ret_name points into path. Returns the descriptor. */
int file_open_parent(const struct host *h, const char *path, const char **ret_name);
