/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/utsname.h>

#include "base/file.h"
#include "check.h"
#include "tree.h"

/* With another root, calls that act on the running kernel fail. */
static void test_not_live(void **state) {
    _cleanup_free_ char *release = NULL, *text = NULL;
    struct host h;

    tree_make(&h);
    assert_false(h.live);
    tree_write(&h, "/sys/value", "0");
    assert_int_equal(h.ops->finit_module(&h, h.root_fd, "", 0), -EOPNOTSUPP);
    assert_int_equal(h.ops->delete_module(&h, "no_such_module"), -EOPNOTSUPP);
    assert_int_equal(h.ops->write_value(&h, "/sys/value", "1"), -EOPNOTSUPP);
    assert_int_equal(file_read_line(&h, "/sys/value", &text), 0);
    assert_string_equal(text, "0");

    assert_int_equal(h.ops->release(&h, &release), -ENOENT);
    tree_write(&h, "/proc/sys/kernel/osrelease", "6.1.0-test\n");
    assert_int_equal(h.ops->release(&h, &release), 0);
    assert_string_equal(release, "6.1.0-test");
    tree_remove(&h);
    assert_int_equal(h.root_fd, -EBADF);
}

static void test_live(void **state) {
    static const char *const roots[] = { NULL, "/" };

    for (size_t i = 0; i < ELEMENTSOF(roots); i++) {
        _cleanup_(host_close) struct host h = HOST_NULL;
        _cleanup_free_ char *release = NULL;
        struct utsname u;

        assert_int_equal(host_open(roots[i], &h), 0);
        assert_true(h.live);
        assert_true(file_exists(&h, "/proc/self/stat"));
        assert_int_equal(h.ops->release(&h, &release), 0);
        assert_int_equal(uname(&u), 0);
        assert_string_equal(release, u.release);
    }
}

static void test_no_root(void **state) {
    struct host h = HOST_NULL;

    assert_int_equal(host_open("/no/such/root", &h), -ENOENT);
    assert_int_equal(host_open("/proc/version", &h), -ENOTDIR);
    assert_int_equal(h.root_fd, -EBADF);
    host_close(&h);
}

/* Values are written only to existing files. */
static void test_write_value(void **state) {
    _cleanup_free_ char *text = NULL;
    struct host h;

    tree_make(&h);
    h.live = true;
    tree_write(&h, "/sys/value", "0");
    assert_int_equal(h.ops->write_value(&h, "/sys/value", "1"), 0);
    assert_int_equal(file_read_line(&h, "/sys/value", &text), 0);
    assert_string_equal(text, "1");
    assert_int_equal(h.ops->write_value(&h, "/sys/other", "1"), -ENOENT);
    assert_false(file_exists(&h, "/sys/other"));
    tree_remove(&h);
}

static void test_clock(void **state) {
    _cleanup_(host_close) struct host h = HOST_NULL;
    uint64_t start;

    assert_int_equal(host_open(NULL, &h), 0);
    start = h.ops->now(&h);
    h.ops->sleep(&h, 20 * USEC_PER_MSEC);
    assert_true(h.ops->now(&h) - start >= 20 * USEC_PER_MSEC);
    assert_true(h.ops->now(&h) - start < 20 * USEC_PER_SEC);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_live),    cmocka_unit_test(test_live),
        cmocka_unit_test(test_no_root),     cmocka_unit_test(test_write_value),
        cmocka_unit_test(test_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
