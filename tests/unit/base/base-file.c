/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "base/file.h"
#include "base/strv.h"
#include "check.h"
#include "tree.h"

static int setup(void **state) {
    static struct host h;

    tree_make(&h);
    *state = &h;
    return 0;
}

static int teardown(void **state) {
    tree_remove(*state);
    return 0;
}

static void outside_path(const struct host *h, const char *path, char ret[static PATH_MAX + 256]) {
    tree_path(h, ret);
    strncat(ret, path, 255);
}

static void assert_content(const struct host *h, const char *path, const char *text) {
    _cleanup_free_ char *data = NULL;
    size_t size;

    assert_int_equal(file_read(h, path, 1024 * 1024, &data, &size), 0);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(data, text, size + 1);
}

static void assert_names(const struct host *h, const char *path, const char *joined) {
    _cleanup_strv_free_ char **names = NULL;
    _cleanup_free_ char *s = NULL;

    assert_int_equal(file_list(h, path, &names), 0);
    s = strv_join(names, " ");
    assert_string_equal(s, joined);
}

static void test_read(void **state) {
    const struct host *h = *state;
    char *data = NULL;
    size_t size = 4711;

    assert_int_equal(file_read(h, "/a", 10, &data, &size), -ENOENT);
    tree_write(h, "/a", "0123456789");
    assert_content(h, "/a", "0123456789");
    assert_int_equal(file_read(h, "/a", 9, &data, &size), -EFBIG);
    assert_null(data);
    assert_int_equal(size, 4711);
    assert_int_equal(file_read(h, "/a", 10, &data, NULL), 0);
    assert_string_equal(data, "0123456789");
    free(data);

    tree_write(h, "/empty", "");
    assert_content(h, "/empty", "");
    assert_int_equal(file_read(h, "/empty", 0, &data, &size), 0);
    assert_int_equal(size, 0);
    free(data);
    tree_write_data(h, "/nul", "a\0b", 3);
    assert_int_equal(file_read(h, "/nul", 100, &data, &size), 0);
    assert_int_equal(size, 3);
    assert_memory_equal(data, "a\0b", 4);
    free(data);
    assert_int_equal(file_read(h, "/", 100, &data, &size), -EISDIR);
}

/* Covers the sizes at which the buffer grows, with and without a correct first guess. */
static void test_read_sizes(void **state) {
    static const size_t sizes[] = { 1, 4095, 4096, 4097, 8191, 8192, 8193, 100000, 1000000 };
    _cleanup_free_ char *text = malloc(1000001);
    const struct host *h = *state;

    assert_non_null(text);
    memset(text, 'x', 1000000);
    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        char c = text[sizes[i]], *data;

        text[sizes[i]] = '\0';
        tree_write(h, "/a", text);
        assert_content(h, "/a", text);
        assert_int_equal(file_read(h, "/a", sizes[i], &data, NULL), 0);
        free(data);
        assert_int_equal(file_read(h, "/a", sizes[i] - 1, &data, NULL), -EFBIG);
        text[sizes[i]] = c;
    }
}

/* The read(2) calls of this process so far, or -1. */
static long n_reads(void) {
    static const char key[] = "syscr: ";
    _cleanup_(host_close) struct host h = HOST_NULL;
    _cleanup_free_ char *data = NULL;
    const char *line;

    assert_int_equal(host_open(NULL, &h), 0);
    line = file_read(&h, "/proc/self/io", 4096, &data, NULL) >= 0 ? strstr(data, key) : NULL;
    return line ? strtol(line + strlen(key), NULL, 10) : -1;
}

/* A file that knows its size is read by one call. */
static void test_read_once(void **state) {
    const struct host *h = *state;
    long before, own, after;

    tree_write(h, "/a", "text");
    tree_write(h, "/b", "text");
    before = n_reads();
    own = n_reads() - before;
    if (before < 0 || own == 0)
        skip(); /* the kernel does not count them */
    before = n_reads();
    assert_content(h, "/a", "text");
    assert_content(h, "/b", "text");
    after = n_reads();
    assert_int_equal(after - before - own, 2);
}

/* procfs reports a size of 0. */
static void test_read_proc(void **state) {
    _cleanup_(host_close) struct host h = HOST_NULL;
    _cleanup_free_ char *data = NULL;
    size_t size;

    assert_int_equal(host_open(NULL, &h), 0);
    assert_int_equal(file_read(&h, "/proc/self/stat", 64 * 1024, &data, &size), 0);
    assert_true(size > 10);
    assert_int_equal(file_read(&h, "/proc/self/stat", 3, &data, &size), -EFBIG);
}

static void test_read_line(void **state) {
    const struct host *h = *state;
    char *line;

    tree_write(h, "/a", " one \t\n\r\n");
    assert_int_equal(file_read_line(h, "/a", &line), 0);
    assert_string_equal(line, " one");
    free(line);
    tree_write(h, "/a", "\n\n");
    assert_int_equal(file_read_line(h, "/a", &line), 0);
    assert_string_equal(line, "");
    free(line);
}

static void test_fifo(void **state) {
    const struct host *h = *state;
    char path[PATH_MAX + 256], *data = NULL;

    outside_path(h, "/fifo", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void) alarm(10); /* rather than hang */
    assert_int_equal(file_read(h, "/fifo", 10, &data, NULL), 0);
    assert_string_equal(data, "");
    (void) alarm(0);
    free(data);
}

/* Links work inside the root, and never lead out of it. */
static void test_root(void **state) {
    const struct host *h = *state;
    struct stat st;
    int fd;

    tree_write(h, "/etc/passwd", "inside");
    tree_link(h, "/etc/passwd", "/a/absolute");
    tree_link(h, "../../../../../../../../etc/passwd", "/a/relative");
    tree_link(h, "/proc/self/root/etc/passwd", "/a/magic");
    tree_link(h, "nowhere", "/a/dangling");
    tree_link(h, "loop", "/a/loop");
    assert_content(h, "/a/absolute", "inside");
    assert_content(h, "/a/relative", "inside");
    assert_content(h, "/../../../../etc/passwd", "inside");
    assert_content(h, "etc/passwd", "inside");
    assert_int_equal(file_open(h, "/a/magic", O_RDONLY, 0), -ENOENT);
    assert_int_equal(file_open(h, "/a/loop", O_RDONLY, 0), -ELOOP);
    assert_int_equal(file_open(h, "/a/absolute", O_RDONLY | O_NOFOLLOW, 0), -ELOOP);

    fd = file_open(h, "/etc/passwd", O_RDONLY, 0);
    assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    assert_int_equal(close(fd), 0);

    assert_true(file_exists(h, "/a/absolute"));
    assert_false(file_exists(h, "/a/dangling"));
    assert_int_equal(file_lstat(h, "/a/dangling", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(file_lstat(h, "/etc/passwd", &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(file_lstat(h, "/nothing", &st), -ENOENT);
}

/* Magic links are not followed, even below the real root. */
static void test_magic_links(void **state) {
    _cleanup_(host_close) struct host h = HOST_NULL;

    assert_int_equal(host_open(NULL, &h), 0);
    assert_int_equal(file_open(&h, "/proc/self/exe", O_RDONLY, 0), -ELOOP);
}

static void test_list(void **state) {
    const struct host *h = *state;
    char **names = NULL;
    char path[32];

    assert_int_equal(file_list(h, "/d", &names), -ENOENT);
    assert_int_equal(file_mkdir_p(h, "/d"), 0);
    assert_names(h, "/d", "");
    tree_write(h, "/d/lp-10", "");
    tree_write(h, "/d/lp-9", "");
    tree_write(h, "/d/.hidden", "");
    tree_write(h, "/d/sub/x", "");
    assert_names(h, "/d", ".hidden lp-9 lp-10 sub");
    assert_int_equal(file_list(h, "/d/lp-9", &names), -ENOTDIR);

    for (unsigned i = 0; i < 100; i++) {
        _cleanup_strv_free_ char **l = NULL;

        (void) snprintf(path, sizeof(path), "/e/%u", i);
        tree_write(h, path, "");
        assert_int_equal(file_list(h, "/e", &l), 0);
        assert_int_equal(strv_length(l), i + 1);
        /* Such a list grows like any other. */
        assert_int_equal(strv_extend(&l, "one"), 0);
        assert_int_equal(strv_extend(&l, "two"), 0);
        assert_string_equal(l[i + 2], "two");
    }
}

static void assert_directory(const struct host *h, const char *path, mode_t mode) {
    struct stat st;

    assert_int_equal(file_lstat(h, path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 07777, mode);
}

static void test_mkdir_p(void **state) {
    const struct host *h = *state;
    mode_t mask = umask(077);

    assert_int_equal(file_mkdir_p(h, "/"), 0);
    assert_int_equal(file_mkdir_p(h, "/a/b/c"), 0);
    assert_directory(h, "/a", 0755);
    assert_directory(h, "/a/b/c", 0755);
    assert_int_equal(file_mkdir_p(h, "/a/b/c"), 0);
    assert_int_equal(file_mkdir_p(h, "//a//d//"), 0);
    assert_directory(h, "/a/d", 0755);
    assert_int_equal(file_mkdir_p(h, "r/s"), 0);
    assert_directory(h, "/r/s", 0755);
    (void) umask(mask);

    tree_link(h, "/a/b", "/link");
    assert_int_equal(file_mkdir_p(h, "/link/e"), 0);
    assert_directory(h, "/a/b/e", 0755);
    assert_int_equal(file_mkdir_p(h, "/link"), 0);

    tree_write(h, "/file", "");
    assert_int_equal(file_mkdir_p(h, "/file"), -ENOTDIR);
    assert_int_equal(file_mkdir_p(h, "/file/x"), -ENOTDIR);
    tree_link(h, "/file", "/filelink");
    tree_link(h, "nowhere", "/dangling");
    assert_int_equal(file_mkdir_p(h, "/filelink"), -ENOTDIR);
    assert_int_equal(file_mkdir_p(h, "/dangling"), -ENOENT);
    assert_int_equal(file_mkdir_p(h, "/dangling/x"), -ENOENT);
}

static void test_write(void **state) {
    int (*const writers[])(const struct host *, const char *, const void *, size_t, mode_t) = {
        file_write_atomic, file_write_volatile,
    };
    const struct host *h = *state;
    mode_t mask = umask(077);
    struct stat before, after;

    for (size_t i = 0; i < ELEMENTSOF(writers); i++) {
        assert_int_equal(writers[i](h, "/none/a", "x", 1, 0644), -ENOENT);
        assert_int_equal(file_mkdir_p(h, "/w"), 0);
        assert_int_equal(writers[i](h, "/w/a", "one", 3, 0644), 0);
        assert_content(h, "/w/a", "one");
        assert_int_equal(file_lstat(h, "/w/a", &before), 0);
        assert_int_equal(before.st_mode & 07777, 0644);
        /* The file is replaced, not written in place. */
        assert_int_equal(writers[i](h, "/w/a", "", 0, 0600), 0);
        assert_content(h, "/w/a", "");
        assert_int_equal(file_lstat(h, "/w/a", &after), 0);
        assert_int_equal(after.st_mode & 07777, 0600);
        assert_int_not_equal(before.st_ino, after.st_ino);
        assert_names(h, "/w", "a");
        assert_int_equal(file_unlink(h, "/w/a"), 0);
    }
    (void) umask(mask);
}

static void test_write_replaces_links(void **state) {
    const struct host *h = *state;
    struct stat st;

    tree_write(h, "/target", "old");
    tree_link(h, "/target", "/w/link");
    assert_int_equal(file_write_atomic(h, "/w/link", "new", 3, 0644), 0);
    assert_content(h, "/target", "old");
    assert_content(h, "/w/link", "new");
    assert_int_equal(file_lstat(h, "/w/link", &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

/* A failure leaves nothing behind. */
static void test_write_fails(void **state) {
    const struct host *h = *state;
    char leftover[64];

    tree_write(h, "/w/d/x", "");
    assert_int_equal(file_write_atomic(h, "/w/d", "x", 1, 0644), -EISDIR);
    assert_names(h, "/w", "d");
    /* A leftover of a power cut with the same process id does not matter. */
    (void) snprintf(leftover, sizeof(leftover), "/w/.a.%d.tmp", getpid());
    tree_write(h, leftover, "junk junk junk");
    assert_int_equal(file_write_atomic(h, "/w/a", "x", 1, 0644), 0);
    assert_content(h, "/w/a", "x");
    assert_names(h, "/w", "a d");
}

static void test_unlink(void **state) {
    const struct host *h = *state;

    tree_write(h, "/w/a", "");
    tree_link(h, "a", "/w/b");
    assert_int_equal(file_unlink(h, "/w/b"), 0);
    assert_names(h, "/w", "a");
    assert_int_equal(file_unlink(h, "/w/a"), 0);
    assert_int_equal(file_unlink(h, "/w/a"), -ENOENT);
    assert_int_equal(file_unlink(h, "/w"), -EISDIR);
    assert_int_equal(file_unlink(h, "/none/a"), -ENOENT);
}

static void test_path(void **state) {
    const struct host *h = *state;
    const char *name = NULL;
    int fd;

    assert_string_equal(path_basename("/a/b"), "b");
    assert_string_equal(path_basename("b"), "b");
    assert_string_equal(path_basename("/a/"), "");
    tree_write(h, "/a/b", "");
    fd = file_open_parent(h, "/a/b", &name);
    assert_true(fd >= 0);
    assert_string_equal(name, "b");
    assert_int_equal(faccessat(fd, "b", F_OK, 0), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(file_open_parent(h, "/a/b/c", &name), -ENOTDIR);
    assert_int_equal(file_open_parent(h, "/n/b", &name), -ENOENT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_read),   TEST(test_read_sizes), TEST(test_read_once), TEST(test_read_proc),
        TEST(test_read_line), TEST(test_fifo),    TEST(test_root),
        TEST(test_magic_links), TEST(test_list),  TEST(test_mkdir_p),
        TEST(test_write),  TEST(test_write_replaces_links), TEST(test_write_fails),
        TEST(test_unlink), TEST(test_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
