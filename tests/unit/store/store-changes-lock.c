/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "check.h"
#include "fake-kernel.h"
#include "store/changes-lock.h"
#include "tree.h"

/* Only one process changes patches at a time; a second one waits, knows for which process, and not
 * for ever. */

static struct fake_kernel k;
static struct error e;
static struct changes_lock *first, *second;
static unsigned n_told;
static char told[512];
static int open_error;   /* the result of every file_open() */
static bool goes_away;   /* its holder removes the file between the open and the lock */

int __real_file_open(const struct host *h, const char *path, int flags, mode_t mode);
int __wrap_file_open(const struct host *h, const char *path, int flags, mode_t mode);
int __wrap_file_open(const struct host *h, const char *path, int flags, mode_t mode) {
    return open_error < 0 ? open_error : __real_file_open(h, path, flags, mode);
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __wrap_flock(int fd, int operation) {
    if (goes_away)
        fake_kernel_remove(&k, CHANGES_LOCK);
    goes_away = false;
    return __real_flock(fd, operation);
}

static int setup(void **state _unused_) {
    fake_kernel_open(&k);
    e = ERROR_NULL;
    first = second = NULL;
    n_told = 0;
    open_error = 0;
    goes_away = false;
    return 0;
}

static int teardown(void **state _unused_) {
    changes_lock_freep(&first);
    changes_lock_freep(&second);
    error_done(&e);
    fake_kernel_close(&k);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void set_mode(mode_t mode) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, "%s" CHANGES_LOCK, k.root) >= 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void make_pipe(void) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, "%s" CHANGES_LOCK, k.root) >= 0);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void tell(void *userdata _unused_, const char *holder) {
    n_told++;
    (void) snprintf(told, sizeof(told), "%s", holder);
}

static int take(const char *what, uint64_t timeout_usec, struct changes_lock **ret) {
    return changes_lock_take(&k.host, what, timeout_usec, tell, NULL, ret, &e);
}

static void test_leaves_nothing(void **state _unused_) {
    struct stat st;

    assert_false(file_exists(&k.host, "/run"));
    assert_int_equal(take("lpctl install x.ko", 0, &first), 0);
    assert_non_null(first);
    assert_int_equal(file_lstat(&k.host, CHANGES_LOCK, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    first = changes_lock_free(first);
    assert_false(file_exists(&k.host, "/run"));
    fake_kernel_text(&k, "/run/lpd/x.json", "{}");
    assert_int_equal(take("lpctl install x.ko", 0, &first), 0);
    first = changes_lock_free(first);
    assert_false(file_exists(&k.host, CHANGES_LOCK));
    assert_true(file_exists(&k.host, "/run/lpd/x.json"));
}

static void test_waits_no_longer(void **state _unused_) {
    uint64_t before;
    int r;

    assert_int_equal(take("lpctl install\033 \nx.ko", 0, &first), 0);
    before = k.now;
    r = take("lpctl remove y", 10 * USEC_PER_SEC, &second);
    assert_error_has(r, -EAGAIN, &e,
                     " (lpctl install?  has been changing patches for 10 s");
    assert_null(second);
    assert_uint_in_range(k.now - before, 10 * USEC_PER_SEC, 11 * USEC_PER_SEC);
    assert_int_equal(n_told, 1);
    assert_non_null(strstr(told, "process "));
    assert_null(strchr(told, '\033'));
    assert_true(file_exists(&k.host, CHANGES_LOCK));
}

static void let_go(struct fake_kernel *kernel _unused_) {
    if (k.n_sleep == 5)
        changes_lock_freep(&first);
}

static void test_is_next(void **state _unused_) {
    assert_int_equal(take("lpctl install x.ko", 0, &first), 0);
    k.on_sleep = let_go;
    assert_int_equal(take("lpctl remove y", 10 * USEC_PER_SEC, &second), 0);
    assert_non_null(second);
    first = NULL;
    assert_true(file_exists(&k.host, CHANGES_LOCK));
    assert_non_null(strstr(fake_kernel_read(&k, CHANGES_LOCK), "(lpctl remove y)"));
    assert_error_has(take("lpctl remove z", 0, &first), -EAGAIN, &e, "(lpctl remove y)");
}

/* The file of a killed holder is not locked. */
static void test_left_behind(void **state _unused_) {
    const char *text;

    fake_kernel_text(&k, CHANGES_LOCK, "process 1 (lpctl install with-a-name-that-is-longer.ko)");
    set_mode(0600);
    assert_int_equal(take("lpctl remove y", 0, &first), 0);
    text = fake_kernel_read(&k, CHANGES_LOCK);
    assert_true(endswith(text, "(lpctl remove y)"));
}

/* A lock on a removed file excludes no one. */
static void test_gone_meanwhile(void **state _unused_) {
    goes_away = true;
    assert_int_equal(take("lpctl remove y", 10 * USEC_PER_SEC, &first), 0);
    assert_non_null(first);
    assert_true(file_exists(&k.host, CHANGES_LOCK));
}

/* If nothing can be written, there is no lock, and a patch can still be unloaded. */
static void test_no_room(void **state _unused_) {
    static const int errors[] = { -ENOSPC, -EDQUOT, -EROFS };

    for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
        open_error = errors[i];
        assert_int_equal(take("lpctl unload y", 0, &first), 0);
        assert_null(first);
    }
    open_error = -EIO;
    assert_error_is(take("lpctl unload y", 0, &first), -EIO, &e,
                    "cannot lock " CHANGES_LOCK ": Input/output error");
}

/* Users who can open a file can also lock it. */
static void test_not_only_ours(void **state _unused_) {
    fake_kernel_text(&k, CHANGES_LOCK, "");
    set_mode(0644);
    assert_error_is(take("lpctl remove y", 0, &first), -EEXIST, &e,
                    CHANGES_LOCK " is not a file that only root can open");
    fake_kernel_remove(&k, CHANGES_LOCK);
    make_pipe();
    assert_error_has(take("lpctl remove y", 0, &first), -EEXIST, &e, "is not a file that only root can open");
    fake_kernel_remove(&k, CHANGES_LOCK);
    fake_kernel_text(&k, "/run/lpd/other", "kept");
    tree_link(&k.host, "other", CHANGES_LOCK);
    assert_error_is(take("lpctl remove y", 0, &first), -ELOOP, &e,
                    "cannot lock " CHANGES_LOCK ": Too many levels of symbolic links");
    assert_string_equal(fake_kernel_read(&k, "/run/lpd/other"), "kept");
}

static void test_of_a_stranger(void **state _unused_) {
    _cleanup_free_ char *path = NULL;

    if (geteuid() != 0)
        skip();
    fake_kernel_text(&k, CHANGES_LOCK, "");
    set_mode(0600);
    assert_true(asprintf(&path, "%s" CHANGES_LOCK, k.root) >= 0);
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_error_has(take("lpctl remove y", 0, &first), -EEXIST, &e, "is not a file that only root can open");
}

static void test_no_directory(void **state _unused_) {
    tree_link(&k.host, "/nowhere", "/run/lpd");
    assert_error_is(take("lpctl remove y", 10 * USEC_PER_SEC, &first), -ENOENT, &e,
                    "cannot lock " CHANGES_LOCK ": No such file or directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_leaves_nothing), TEST(test_waits_no_longer), TEST(test_is_next),
        TEST(test_left_behind),    TEST(test_not_only_ours),
        TEST(test_no_directory),   TEST(test_gone_meanwhile),  TEST(test_no_room),
        TEST(test_of_a_stranger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
