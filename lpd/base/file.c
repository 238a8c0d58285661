/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/strv.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#define OPEN_TRIES 100
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* Kernels before 5.6 have no openat2(2). On these lpd works only on the running machine, where no
 * path leads out of the root. */
static int open_below_root(const struct host *h, const char *path, int flags, mode_t mode) {
    /* O_TMPFILE includes the bit of O_DIRECTORY. */
    bool creates = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
    struct open_how how = {
        .flags = (uint64_t) (unsigned) flags,
        .mode = creates ? mode : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    unsigned tries = 0;
    long fd;

    /* EAGAIN: something was renamed or mounted while ".." was resolved, see openat2(2); or,
     * permanently, another process has a lease on the file, see open(2). */
    do
        fd = syscall(SYS_openat2, h->root_fd, path, &how, sizeof(how));
    while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < OPEN_TRIES);
    if (fd >= 0)
        return (int) fd;
    if (errno != ENOSYS || !h->live)
        return -errno;
    fd = open(path, flags, mode);
    return fd < 0 ? -errno : (int) fd;
}

int file_open(const struct host *h, const char *path, int flags, mode_t mode) {
    return open_below_root(h, path, flags | O_CLOEXEC, mode);
}

static int grow(char **buffer, size_t *allocated, size_t max) {
    size_t wanted = MIN(MAX(*allocated * 2, (size_t) 4096), max + 1);
    char *grown;

    grown = realloc(*buffer, wanted + 1);
    if (!grown)
        return -ENOMEM;
    *buffer = grown;
    *allocated = wanted;
    return 0;
}

/* Like read(2), but retries after a signal. Returns the number of bytes, 0 at the end, or a
 * negative errno. */
static ssize_t read_some(int fd, void *data, size_t size) {
    ssize_t n;

    do
        n = read(fd, data, size);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Files of sysfs and procfs do not know their size, so the size is only a first guess. */
int file_read_opened(int fd, const struct stat *st, size_t max, char **ret, size_t *ret_size) {
    _cleanup_free_ char *buffer = NULL;
    bool sized = S_ISREG(st->st_mode) && st->st_size > 0;
    size_t size = 0, allocated = 0;
    ssize_t n;
    int r;

    if (sized)
        allocated = MIN((size_t) st->st_size, max) / 2 + 1;

    for (;;) {
        if (size == allocated || !buffer) {
            r = grow(&buffer, &allocated, max);
            if (r < 0)
                return r;
        }
        n = read_some(fd, buffer + size, allocated - size);
        if (n < 0)
            return (int) n;
        if (n == 0)
            break;
        size += (size_t) n;
        if (size > max)
            return -EFBIG;
        /* There was room for more, so this was the end: most files need no second read. */
        if (sized && size == (size_t) st->st_size && size < allocated)
            break;
    }
    buffer[size] = '\0';
    *ret = TAKE_PTR(buffer);
    if (ret_size)
        *ret_size = size;
    return 0;
}

int file_read_fd(int fd, size_t max, char **ret, size_t *ret_size) {
    struct stat st;

    return fstat(fd, &st) < 0 ? -errno : file_read_opened(fd, &st, max, ret, ret_size);
}

int file_read(const struct host *h, const char *path, size_t max, char **ret, size_t *ret_size) {
    _cleanup_close_ int fd = -EBADF;

    /* O_NONBLOCK: opening a FIFO instead of the file must not block. */
    fd = file_open(h, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    return file_read_fd(fd, max, ret, ret_size);
}

int file_read_line(const struct host *h, const char *path, char **ret) {
    char *line;
    size_t n;
    int r;

    r = file_read(h, path, 64 * 1024, &line, &n);
    if (r < 0)
        return r;
    while (n > 0 && strchr(" \t\r\n", line[n - 1]))
        line[--n] = '\0';
    *ret = line;
    return 0;
}

bool file_exists(const struct host *h, const char *path) {
    _cleanup_close_ int fd = file_open(h, path, O_PATH, 0);

    return fd >= 0;
}

int file_lstat(const struct host *h, const char *path, struct stat *ret) {
    _cleanup_close_ int fd = file_open(h, path, O_PATH | O_NOFOLLOW, 0);

    if (fd < 0)
        return fd;
    return fstat(fd, ret) < 0 ? -errno : 0;
}

static int compare_version(const void *a, const void *b) {
    return strverscmp(*(char *const *) a, *(char *const *) b);
}

static int read_names(DIR *dir, char ***names, size_t *n) {
    size_t allocated = 0;
    struct dirent *de;

    for (errno = 0; (de = readdir(dir)); errno = 0) {
        if (streq(de->d_name, ".") || streq(de->d_name, ".."))
            continue;
        if (*n + 1 >= allocated) {
            char **grown;

            allocated = MAX((size_t) 16, allocated * 2);
            grown = reallocarray(*names, allocated, sizeof(char *));
            if (!grown)
                return -ENOMEM;
            *names = grown;
        }
        (*names)[*n] = strdup(de->d_name);
        if (!(*names)[*n])
            return -ENOMEM;
        (*names)[++*n] = NULL;
    }
    return -errno;
}

static void closedirp(DIR **dir) {
    if (*dir)
        (void) closedir(*dir);
}

int file_list(const struct host *h, const char *path, char ***ret) {
    _cleanup_(closedirp) DIR *dir = NULL;
    _cleanup_strv_free_ char **names = NULL;
    size_t n = 0;
    int fd, r;

    fd = file_open(h, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fd;
    dir = fdopendir(fd);
    if (!dir) {
        r = -errno;
        (void) close(fd);
        return r;
    }
    r = read_names(dir, &names, &n);
    if (r < 0)
        return r;
    if (n > 0)
        qsort(names, n, sizeof(char *), compare_version);
    *ret = TAKE_PTR(names);
    return 0;
}

/* Sets the mode regardless of the umask, and syncs the entry: files created below must not be lost
 * with their directory. */
static int make_directory(int dir_fd, const char *name) {
    if (mkdirat(dir_fd, name, 0755) < 0)
        return errno == EEXIST ? 0 : -errno;
    return fchmodat(dir_fd, name, 0755, 0) < 0 || fsync(dir_fd) < 0 ? -errno : 0;
}

int file_mkdir_p(const struct host *h, const char *path) {
    _cleanup_close_ int fd = -EBADF;
    _cleanup_free_ char *copy = strdup(path);
    const char *name;
    int r;

    if (!copy)
        return -ENOMEM;
    for (char *slash = copy;; *slash = '/') {
        _cleanup_close_ int dir_fd = -EBADF;

        slash += strspn(slash, "/");
        slash += strcspn(slash, "/");
        bool last = *slash == '\0';
        *slash = '\0';
        dir_fd = file_open_parent(h, copy, &name);
        if (dir_fd < 0)
            return dir_fd;
        r = *name ? make_directory(dir_fd, name) : 0;
        if (r < 0)
            return r;
        if (last)
            break;
    }
    /* Something that exists already may not be a directory or a link to one. */
    fd = file_open(h, path, O_PATH | O_DIRECTORY, 0);
    return MIN(fd, 0);
}

const char *path_basename(const char *path) {
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int file_open_parent(const struct host *h, const char *path, const char **ret_name) {
    const char *name = path_basename(path);
    _cleanup_free_ char *dir = strndup(path, (size_t) (name - path));
    int fd;

    if (!dir)
        return -ENOMEM;
    fd = file_open(h, *dir ? dir : ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0)
        *ret_name = name;
    return fd;
}

int file_write_fd(int fd, const void *data, size_t size) {
    const char *next = data;

    while (size > 0) {
        ssize_t n = write(fd, next, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        next += n;
        size -= (size_t) n;
    }
    return 0;
}

int file_copy_fd(int from, int to, size_t max, size_t *ret_size) {
    char buffer[64 * 1024];
    size_t size = 0;
    ssize_t n;
    int r;

    while ((n = read_some(from, buffer, sizeof(buffer))) > 0) {
        size += (size_t) n;
        if (size > max)
            return -EFBIG;
        r = file_write_fd(to, buffer, (size_t) n);
        if (r < 0)
            return r;
    }
    if (n == 0)
        *ret_size = size;
    return (int) n;
}

int memfd_new(const char *name) {
    int fd;

    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

int memfd_seal(int fd) {
    return fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

static int fill_temporary(int fd, const void *data, size_t size, mode_t mode, bool sync) {
    int r;

    r = file_write_fd(fd, data, size);
    if (r < 0)
        return r;
    /* The caller's umask must not decide who can read the file. */
    if (fchmod(fd, mode) < 0)
        return -errno;
    return sync && fsync(fd) < 0 ? -errno : 0;
}

/* The leading dot and the odd suffix keep leftovers out of every list of *.conf and *.ko. */
static int write_by_rename(const struct host *h, const char *path, const void *data, size_t size,
                           mode_t mode, bool sync) {
    _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
    _cleanup_free_ char *temporary = NULL;
    const char *name;
    int r;

    dir_fd = file_open_parent(h, path, &name);
    if (dir_fd < 0)
        return dir_fd;
    if (asprintf(&temporary, ".%s.%d.tmp", name, getpid()) < 0)
        return -ENOMEM;
    (void) unlinkat(dir_fd, temporary, 0);
    fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    r = fill_temporary(fd, data, size, mode, sync);
    if (r >= 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
        r = -errno;
    if (r < 0) {
        (void) unlinkat(dir_fd, temporary, 0);
        return r;
    }
    return sync && fsync(dir_fd) < 0 ? -errno : 0;
}

int file_write_atomic(const struct host *h, const char *path, const void *data, size_t size,
                      mode_t mode) {
    return write_by_rename(h, path, data, size, mode, /* sync= */ true);
}

int file_write_volatile(const struct host *h, const char *path, const void *data, size_t size,
                        mode_t mode) {
    return write_by_rename(h, path, data, size, mode, /* sync= */ false);
}

static int remove_entry(const struct host *h, const char *path, int flags) {
    _cleanup_close_ int dir_fd = -EBADF;
    const char *name;

    dir_fd = file_open_parent(h, path, &name);
    if (dir_fd < 0)
        return dir_fd;
    if (unlinkat(dir_fd, name, flags) < 0)
        return -errno;
    return fsync(dir_fd) < 0 ? -errno : 0;
}

int file_unlink(const struct host *h, const char *path) {
    return remove_entry(h, path, 0);
}

int file_rmdir(const struct host *h, const char *path) {
    return remove_entry(h, path, AT_REMOVEDIR);
}
