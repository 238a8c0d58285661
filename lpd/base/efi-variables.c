/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

#include "base/efi-variables.h"
#include "base/file.h"
#include "base/strv.h"

#define VALUE_SIZE_MAX ((size_t) 64 * 1024)
/* EFI_VARIABLE_NON_VOLATILE, BOOTSERVICE_ACCESS and RUNTIME_ACCESS, little-endian before the value. */
static const uint8_t attributes[] = { 7, 0, 0, 0 };
/* A rewritten variable needs room beside the old one until the firmware collects it, and some
 * firmware fails for good when its store is full: Linux keeps as much free on x86
 * (arch/x86/platform/efi/quirks.c, EFI_MIN_RESERVE). */
#define KEPT_FREE 5120

int efi_variables_open(struct host *h, bool writable, struct efi_variables *ret) {
    struct efi_variables v = { .host = h, .directory = EFI_VARIABLES, .own = HOST_NULL };
    _cleanup_strv_free_ char **names = NULL;
    _cleanup_close_ int fd = -EBADF;
    struct statvfs st;
    int r;

    r = file_list(h, EFI_VARIABLES, &names);
    if (r < 0)
        return r == -ENOENT ? -ENODEV : r;
    if (!names && h->initrd) {
        r = h->ops->mount(h, "efivarfs", "efivarfs", "", writable);
        if (r < 0)
            return r;
        v.own = (struct host){ .root_fd = r, .ops = h->ops };
        v.host = NULL;
        v.directory = "";
    } else if (!names)
        return -ENODEV;
    else if (writable) {
        fd = file_open(h, EFI_VARIABLES, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
            return fd;
        if (fstatvfs(fd, &st) >= 0 && st.f_flag & ST_RDONLY)
            return -EROFS;
    }
    *ret = v;
    return 0;
}

void efi_variables_close(struct efi_variables *v) {
    host_close(&v->own);
    *v = EFI_VARIABLES_NULL;
}

const struct host *efi_variables_root(const struct efi_variables *v) {
    return v->host ?: &v->own;
}

static int path_of(const struct efi_variables *v, const char *name, char **ret) {
    return asprintf(ret, "%s/%s", v->directory, name) < 0 ? -ENOMEM : 0;
}

int efi_variable_read(const struct efi_variables *v, const char *name, size_t max, char **ret,
                      size_t *ret_size) {
    _cleanup_free_ char *path = NULL, *data = NULL;
    size_t size;
    int r;

    r = path_of(v, name, &path);
    if (r >= 0)
        r = file_read(efi_variables_root(v), path, max + sizeof(attributes), &data, &size);
    if (r < 0)
        return r;
    /* Until the kernel forgets it, a variable whose first value was refused is an empty file. */
    if (size == 0)
        return -ENOENT;
    if (size < sizeof(attributes))
        return -EBADMSG;
    *ret_size = size - sizeof(attributes);
    memmove(data, data + sizeof(attributes), *ret_size);
    data[*ret_size] = '\0';
    *ret = TAKE_PTR(data);
    return 0;
}

/* Variables that few programs know are immutable, so that nobody deletes them with other files. 1 if
 * this one was; file systems without such flags are those of tests. */
static int set_immutable(const struct host *h, const char *path, bool immutable) {
    _cleanup_close_ int fd = -EBADF;
    int flags, wanted;

    fd = file_open(h, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return errno == ENOTTY || errno == EOPNOTSUPP ? 0 : -errno;
    wanted = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    if (wanted == flags)
        return 0;
    return ioctl(fd, FS_IOC_SETFLAGS, &wanted) < 0 ? -errno : 1;
}

/* Since Linux 6.7 efivarfs tells its size; before that the kernel alone refuses what is too much. */
static int check_room(const struct efi_variables *v, size_t size) {
    _cleanup_close_ int fd = -EBADF;
    struct statvfs st;

    fd = file_open(efi_variables_root(v), *v->directory ? v->directory : "/",
                   O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fd;
    if (fstatvfs(fd, &st) < 0)
        return -errno;
    return st.f_blocks > 0 && (uint64_t) st.f_bfree * st.f_frsize < size + KEPT_FREE ? -ENOSPC : 0;
}

/* The kernel passes on what one write(2) brings; a second one would be another value. */
static int write_once(const struct host *h, const char *path, const void *data, size_t size) {
    _cleanup_close_ int fd = -EBADF;
    ssize_t n;

    fd = file_open(h, path, O_WRONLY | O_CREAT | O_NOCTTY, 0644);
    if (fd < 0)
        return fd;
    do
        n = write(fd, data, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return (size_t) n == size ? 0 : -EIO;
}

/* Removes the empty file of a new variable that the firmware refused. */
static void forget(const struct host *h, const char *path) {
    struct stat st;

    if (file_lstat(h, path, &st) < 0 || st.st_size > 0)
        return;
    (void) set_immutable(h, path, false);
    (void) file_unlink(h, path);
}

static int write_value(const struct efi_variables *v, const char *path, const void *data,
                       size_t size) {
    const struct host *h = efi_variables_root(v);
    int was_immutable, r;

    r = check_room(v, size);
    if (r < 0)
        return r;
    was_immutable = set_immutable(h, path, false);
    if (was_immutable < 0 && was_immutable != -ENOENT)
        return was_immutable;
    r = write_once(h, path, data, size);
    if (r < 0)
        forget(h, path);
    if (was_immutable > 0)
        (void) set_immutable(h, path, true);
    return r;
}

int efi_variable_write(const struct efi_variables *v, const char *name, const void *data,
                       size_t size) {
    _cleanup_free_ char *path = NULL, *old = NULL;
    _cleanup_free_ uint8_t *value = NULL;
    size_t old_size;
    int r;

    if (size > VALUE_SIZE_MAX)
        return -EFBIG;
    r = efi_variable_read(v, name, VALUE_SIZE_MAX, &old, &old_size);
    if (r >= 0 && old_size == size && memcmp(old, data, size) == 0)
        return 0;
    value = malloc(sizeof(attributes) + size);
    if (r == -ENOMEM || !value || path_of(v, name, &path) < 0)
        return -ENOMEM;
    memcpy(value, attributes, sizeof(attributes));
    memcpy(value + sizeof(attributes), data, size);
    r = write_value(v, path, value, sizeof(attributes) + size);
    return r < 0 ? r : 1;
}
