/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <time.h>

#include "base/file.h"
#include "base/host.h"

static int real_finit_module(struct host *h, int fd, const char *parameters, int flags) {
    if (!h->live)
        return -EOPNOTSUPP;
    return syscall(SYS_finit_module, fd, parameters, flags) < 0 ? -errno : 0;
}

/* O_NONBLOCK: otherwise delete_module(2) would wait for a reference that may never be dropped. */
static int real_delete_module(struct host *h, const char *name) {
    if (!h->live)
        return -EOPNOTSUPP;
    return syscall(SYS_delete_module, name, O_NONBLOCK) < 0 ? -errno : 0;
}

static int real_file_label(struct host *h, int fd, char **ret) {
    char label[4096];
    ssize_t n = fgetxattr(fd, "security.selinux", label, sizeof(label));

    if (n < 0)
        return -errno;
    *ret = strndup(label, (size_t) n);
    return *ret ? 0 : -ENOMEM;
}

/* With another root the release is that of the kernel whose procfs is mounted there, if any. */
static int real_release(struct host *h, char **ret) {
    struct utsname u;
    char *release;

    if (!h->live)
        return file_read_line(h, "/proc/sys/kernel/osrelease", ret);
    if (uname(&u) < 0)
        return -errno;
    release = strdup(u.release);
    if (!release)
        return -ENOMEM;
    *ret = release;
    return 0;
}

static int real_write_value(struct host *h, const char *path, const char *value) {
    _cleanup_close_ int fd = -EBADF;
    ssize_t n;

    if (!h->live)
        return -EOPNOTSUPP;
    fd = file_open(h, path, O_WRONLY, 0);
    if (fd < 0)
        return fd;
    n = write(fd, value, strlen(value));
    if (n < 0)
        return -errno;
    return (size_t) n == strlen(value) ? 0 : -EIO;
}

static int real_bpf(struct host *h, int command, void *attr, size_t size) {
    long r;

    if (!h->live)
        return -EOPNOTSUPP;
    r = syscall(SYS_bpf, command, attr, size);
    return r < 0 ? -errno : (int) r;
}

static int32_t real_add_key(struct host *h, const char *type, const char *description,
                            const void *payload, size_t size, int32_t keyring) {
    long r;

    if (!h->live)
        return -EOPNOTSUPP;
    r = syscall(SYS_add_key, type, description, payload, size, keyring);
    return r < 0 ? -errno : (int32_t) r;
}

static long real_keyctl(struct host *h, int operation, unsigned long arg2, unsigned long arg3,
                        unsigned long arg4, unsigned long arg5) {
    long r;

    if (!h->live)
        return -EOPNOTSUPP;
    r = syscall(SYS_keyctl, operation, arg2, arg3, arg4, arg5);
    return r < 0 ? -errno : r;
}

/* One of the options, "KEY" or "KEY=VALUE". */
static int set_option(int fs, char *option) {
    char *value = strchr(option, '=');
    long r;

    if (value)
        *value++ = '\0';
    r = syscall(SYS_fsconfig, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, option, value,
                0);
    return r < 0 ? -errno : 0;
}

static int set_options(int fs, const char *device, const char *options, bool writable) {
    _cleanup_free_ char *copy = strdup(options);
    char *rest = NULL;
    int r = 0;

    if (!copy)
        return -ENOMEM;
    if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", device, 0) < 0 ||
        (!writable && syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0))
        return -errno;
    for (char *o = strtok_r(copy, ",", &rest); o && r >= 0; o = strtok_r(NULL, ",", &rest))
        r = set_option(fs, o);
    return r;
}

/* By system call: C libraries have wrappers only since glibc 2.36. */
static int real_mount(struct host *h, const char *device, const char *type, const char *options,
                      bool writable) {
    unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                          (writable ? 0 : MOUNT_ATTR_RDONLY);
    _cleanup_close_ int fs = -EBADF;
    long fd;
    int r;

    if (!h->live)
        return -EOPNOTSUPP;
    fs = (int) syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
    if (fs < 0)
        return -errno;
    r = set_options(fs, device, options, writable);
    if (r < 0)
        return r;
    if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -errno;
    fd = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
    return fd < 0 ? -errno : (int) fd;
}

static int real_cover(struct host *h, const char *path) {
    struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
    _cleanup_close_ int directory = -EBADF, tree = -EBADF;
    long r;

    if (!h->live)
        return -EOPNOTSUPP;
    directory = file_open(h, path, O_PATH | O_DIRECTORY, 0);
    if (directory < 0)
        return directory;
    r = tree = (int) syscall(SYS_open_tree, directory, "",
                             AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (r >= 0)
        r = syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes));
    if (r >= 0)
        r = syscall(SYS_move_mount, tree, "", directory, "",
                    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    if (r < 0)
        return -errno;
    return 0;
}

static int real_uncover(struct host *h, const char *path) {
    if (!h->live)
        return -EOPNOTSUPP;
    return syscall(SYS_umount2, path, 0) < 0 ? -errno : 0;
}

static uint64_t real_now(struct host *h _unused_) {
    struct timespec ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

static void real_sleep(struct host *h _unused_, uint64_t usec) {
    struct timespec ts = {
        .tv_sec = (time_t) (usec / USEC_PER_SEC),
        .tv_nsec = (long) (usec % USEC_PER_SEC) * 1000,
    };

    (void) clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

const struct kernel_ops kernel_ops_real = {
    .finit_module = real_finit_module,
    .delete_module = real_delete_module,
    .release = real_release,
    .file_label = real_file_label,
    .write_value = real_write_value,
    .bpf = real_bpf,
    .add_key = real_add_key,
    .keyctl = real_keyctl,
    .mount = real_mount,
    .cover = real_cover,
    .uncover = real_uncover,
    .now = real_now,
    .sleep = real_sleep,
};
