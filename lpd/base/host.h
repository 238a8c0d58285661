/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

struct budget;
struct host;

/* What lpd needs from a running kernel beyond reading files. Each call returns 0 (or what is
 * documented) or a negative errno. Unit tests put a fake kernel here. */
struct kernel_ops {
    int (*finit_module)(struct host *h, int fd, const char *parameters, int flags);
    int (*delete_module)(struct host *h, const char *name);
    /* The release of the running kernel, as uname -r prints it. The caller frees it. */
    int (*release)(struct host *h, char **ret);
    /* The file's SELinux context, such as system_u:object_r:lib_t:s0, whether or not SELinux is enabled;
     * -ENODATA or -EOPNOTSUPP: it has none. The caller frees it. */
    int (*file_label)(struct host *h, int fd, char **ret);
    /* Writes a value to an existing file of sysfs or procfs. */
    int (*write_value)(struct host *h, const char *path, const char *value);
    /* bpf(2): a descriptor or 0. attr is a union bpf_attr of that size. */
    int (*bpf)(struct host *h, int command, void *attr, size_t size);
    /* add_key(2): the new key's serial number. */
    int32_t (*add_key)(struct host *h, const char *type, const char *description,
                       const void *payload,
                       size_t size, int32_t keyring);
    /* keyctl(2). */
    long (*keyctl)(struct host *h, int operation, unsigned long arg2, unsigned long arg3,
                   unsigned long arg4, unsigned long arg5);
    /* A mount that no path leads to and no other process sees (fsopen(2), fsmount(2)): nosuid,
     * nodev, noexec, and read-only unless writable. device is a path as the kernel resolves it;
     * options are those of the file system, as for mount(8). Returns the descriptor of its root;
     * closing it unmounts. */
    int (*mount)(struct host *h, const char *device, const char *type, const char *options,
                 bool writable);
    /* Covers a directory with a read-only view of itself, in this mount namespace and in those that
     * receive its mounts (mount_namespaces(7)): open_tree(2), mount_setattr(2), move_mount(2). */
    int (*cover)(struct host *h, const char *path);
    /* Removes such a cover: umount2(2). */
    int (*uncover)(struct host *h, const char *path);
    /* CLOCK_MONOTONIC in microseconds, and a sleep on that clock. */
    uint64_t (*now)(struct host *h);
    void (*sleep)(struct host *h, uint64_t usec);
};

/* The single seam to the machine: every path is resolved below root_fd, and every call to the
 * kernel goes through ops. */
struct host {
    int root_fd;
    bool live; /* the running machine; false with --root= and in chroots, where ops refuse */
    bool initrd; /* as the caller says; not every initramfs has /etc/initrd-release */
    struct budget *budget; /* what may still be used for patches, see base/budget.h; NULL: no
                            * limit */
    const struct kernel_ops *ops;
    void *userdata; /* for fakes */
};

#define HOST_NULL ((struct host){ .root_fd = -EBADF })

/* Opens the machine below root; "/" or NULL is the running one. With any other root, calls to the
 * kernel fail with -EOPNOTSUPP. Returns 0 or a negative errno. */
int host_open(const char *root, struct host *ret);
void host_close(struct host *h);

/* The calls of the running kernel. Those that change something return -EOPNOTSUPP if h is not
 * live. */
extern const struct kernel_ops kernel_ops_real;
