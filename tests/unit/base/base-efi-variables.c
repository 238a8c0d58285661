/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

#include "base/efi-variables.h"
#include "base/strv.h"
#include "check.h"
#include "root.h"

/* efivarfs in a directory: each write(2) is a whole value, and new variables are immutable. */

#define NAME "LpdTest-12345678-1234-1234-1234-123456789abc"
#define PATH EFI_VARIABLES "/" NAME

static struct efi_variables variables = { .own = HOST_NULL };
static bool immutable, may_change_flags;
static unsigned n_writes;
static int write_error;
static struct statvfs space;

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size) {
    struct stat st;

    assert_true(fstat(fd, &st) >= 0);
    errno = write_error;
    if (write_error == 0 && immutable && st.st_size > 0)
        errno = EPERM;
    if (errno != 0) {
        immutable = true;
        return -1;
    }
    n_writes++;
    immutable = true;
    assert_true(ftruncate(fd, 0) >= 0);
    return __real_write(fd, data, size);
}

int __wrap_ioctl(int fd, unsigned long request, int *flags);
int __wrap_ioctl(int fd _unused_, unsigned long request, int *flags) {
    if (request == FS_IOC_GETFLAGS) {
        *flags = immutable ? FS_IMMUTABLE_FL : 0;
        return 0;
    }
    assert_true(request == FS_IOC_SETFLAGS);
    errno = EPERM;
    if (!may_change_flags)
        return -1;
    immutable = *flags & FS_IMMUTABLE_FL;
    return 0;
}

int __wrap_fstatvfs(int fd, struct statvfs *ret);
int __wrap_fstatvfs(int fd _unused_, struct statvfs *ret) {
    *ret = space;
    return 0;
}

/* glibc's name for it with large files. */
int __wrap_fstatvfs64(int fd, struct statvfs *ret);
int __wrap_fstatvfs64(int fd, struct statvfs *ret) {
    return __wrap_fstatvfs(fd, ret);
}

static int setup_variables(void **state) {
    setup(state);
    tree_write(&h, EFI_VARIABLES "/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c", "xxxx");
    immutable = false;
    may_change_flags = true;
    write_error = 0;
    space = (struct statvfs){};
    n_writes = 0;
    assert_int_equal(efi_variables_open(&h, true, &variables), 0);
    return 0;
}

static int teardown_variables(void **state) {
    efi_variables_close(&variables);
    write_error = 0;
    immutable = false;
    return teardown(state);
}

#define VARIABLES(f) cmocka_unit_test_setup_teardown(f, setup_variables, teardown_variables)

static int put(const char *text) {
    return efi_variable_write(&variables, NAME, text, strlen(text));
}

static void assert_value(const char *expected) {
    _cleanup_free_ char *value = NULL;
    size_t size;

    assert_int_equal(efi_variable_read(&variables, NAME, 100, &value, &size), 0);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(value, expected);
}

static void test_written(void **state _unused_) {
    _cleanup_free_ char *file = NULL, *value = NULL;
    size_t size;

    assert_int_equal(efi_variable_read(&variables, NAME, 100, &value, &size), -ENOENT);
    assert_int_equal(put("one"), 1);
    assert_value("one");
    assert_int_equal(file_read(&h, PATH, 100, &file, &size), 0);
    assert_int_equal(size, 7);
    assert_memory_equal(file, "\7\0\0\0one", 7);
    /* In spite of the flag, which stays; with one write; and only if it changes. */
    assert_true(immutable);
    assert_int_equal(put("a longer one"), 1);
    assert_int_equal(put("two"), 1);
    assert_value("two");
    assert_int_equal(put("two"), 0);
    assert_true(immutable);
    assert_uint_in_range(n_writes, 3, 3);
    assert_int_equal(efi_variable_read(&variables, NAME, 2, &value, &size), -EFBIG);
}

static void test_refused(void **state _unused_) {
    static const int errors[] = { EIO, ENOSPC, EROFS, EACCES, EINVAL, EPERM };

    for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
        write_error = errors[i];
        assert_int_equal(put("one"), -errors[i]);
        /* The empty file of a new variable would be found at the next boot of nobody. */
        assert_false(file_exists(&h, PATH));
    }
    write_error = 0;
    assert_int_equal(put("one"), 1);
    write_error = EIO;
    assert_int_equal(put("two"), -EIO);
    assert_value("one");
    assert_true(immutable);
}

static void test_flags_are_not_ours(void **state _unused_) {
    assert_int_equal(put("one"), 1);
    may_change_flags = false;
    assert_int_equal(put("two"), -EPERM);
    assert_value("one");
    assert_uint_in_range(n_writes, 1, 1);
}

static void test_little_room(void **state _unused_) {
    space = (struct statvfs){ .f_frsize = 1, .f_blocks = 64 * 1024, .f_bfree = 5120 + 6 };
    assert_int_equal(put("one"), -ENOSPC);
    assert_false(file_exists(&h, PATH));
    space.f_bfree++;
    assert_int_equal(put("one"), 1);
    /* What is there already needs none. */
    space.f_bfree = 0;
    assert_int_equal(put("one"), 0);
    assert_int_equal(put("two"), -ENOSPC);
    assert_value("one");
}

static void test_sizes(void **state _unused_) {
    static const char big[64 * 1024 + 1];
    _cleanup_free_ char *value = NULL;
    size_t size;

    assert_int_equal(efi_variable_write(&variables, NAME, big, sizeof(big)), -EFBIG);
    assert_int_equal(efi_variable_write(&variables, NAME, "", 0), 1);
    assert_value("");
    tree_remove(&h);
    setup_variables(NULL);
    write_error = 0;
    tree_write_data(&h, PATH, "\7\0\0", 3);
    assert_int_equal(efi_variable_read(&variables, NAME, 100, &value, &size), -EBADMSG);
}

static void test_where_there_are_none(void **state _unused_) {
    struct efi_variables v = EFI_VARIABLES_NULL;

    space.f_flag = ST_RDONLY;
    assert_int_equal(efi_variables_open(&h, true, &v), -EROFS);
    assert_int_equal(efi_variables_open(&h, false, &v), 0);
    efi_variables_close(&v);
    assert_int_equal(file_unlink(&h, EFI_VARIABLES "/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c"), 0);
    assert_int_equal(efi_variables_open(&h, false, &v), -ENODEV);
    assert_int_equal(file_rmdir(&h, EFI_VARIABLES), 0);
    assert_int_equal(efi_variables_open(&h, true, &v), -ENODEV);
}

static bool mounted_writable;

static int mount_variables(struct host *host, const char *device, const char *type,
                           const char *options _unused_, bool writable) {
    assert_string_equal(device, "efivarfs");
    assert_string_equal(type, "efivarfs");
    mounted_writable = writable;
    return file_open(host, "/firmware", O_PATH | O_DIRECTORY, 0);
}

static const struct kernel_ops mounting_ops = { .mount = mount_variables };

/* An initramfs without systemd. */
static void test_mounted_for_us(void **state _unused_) {
    struct host initrd = { .root_fd = h.root_fd, .ops = &mounting_ops, .initrd = true };
    struct efi_variables v = EFI_VARIABLES_NULL;
    _cleanup_free_ char *value = NULL;
    size_t size;

    assert_int_equal(file_unlink(&h, EFI_VARIABLES "/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c"), 0);
    tree_write_data(&h, "/firmware/" NAME, "\7\0\0\0old", 7);
    assert_int_equal(efi_variables_open(&initrd, true, &v), 0);
    assert_true(mounted_writable);
    assert_int_equal(efi_variable_read(&v, NAME, 100, &value, &size), 0);
    assert_string_equal(value, "old");
    assert_int_equal(efi_variable_write(&v, NAME, "new", 3), 1);
    efi_variables_close(&v);
    assert_int_equal(v.own.root_fd, -EBADF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        VARIABLES(test_written),
        VARIABLES(test_refused),
        VARIABLES(test_flags_are_not_ours),
        VARIABLES(test_little_room),
        VARIABLES(test_sizes),
        VARIABLES(test_where_there_are_none),
        VARIABLES(test_mounted_for_us),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
