/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "check.h"
#include "initramfs/kernels.h"
#include "root.h"

static void in_boot(const char *release) {
    _cleanup_free_ char *image = NULL, *modules = NULL;

    assert_true(asprintf(&image, "/boot/vmlinuz-%s", release) >= 0);
    assert_true(asprintf(&modules, "/usr/lib/modules/%s/modules.dep", release) >= 0);
    tree_write(&h, image, "");
    tree_write(&h, modules, "");
}

static void assert_installed(const char *wanted) {
    _cleanup_strv_free_ char **found = NULL;
    _cleanup_free_ char *joined = NULL;

    assert_int_equal(kernels_installed(&h, &found), 0);
    joined = strv_join(found, " ");
    assert_string_equal(strempty(joined), wanted);
}

static void assert_next(const char *wanted) {
    _cleanup_free_ char *next = NULL;

    assert_int_equal(kernels_next(&h, &next), 0);
    assert_string_equal(next ?: "none", wanted);
}

static void test_none(void **state _unused_) {
    assert_installed("");
    assert_next("none");
    assert_false(kernel_is_installed(&h, "6.1.0-1"));
    tree_write(&h, "/usr/lib/modules/6.1.0-1/modules.dep", "");
    assert_installed("");
    assert_next("none");
}

static void test_order(void **state _unused_) {
    in_boot("6.1.0-56-amd64");
    in_boot("6.12.9-amd64");
    in_boot("6.1.0-9-amd64");
    tree_write(&h, "/usr/lib/modules/5.10.0/vmlinuz", "");
    assert_installed("5.10.0 6.1.0-9-amd64 6.1.0-56-amd64 6.12.9-amd64");
    assert_next("6.12.9-amd64");
}

/* Modules that a removed kernel left, and an image without modules, which no patch can be for. */
static void test_halves(void **state _unused_) {
    in_boot("6.1.0-9");
    tree_write(&h, "/usr/lib/modules/6.1.0-10/modules.dep", "");
    tree_write(&h, "/boot/vmlinuz-6.1.0-11", "");
    tree_link(&h, "nowhere", "/boot/vmlinuz-6.1.0-10");
    assert_installed("6.1.0-9");
    assert_next("6.1.0-9");
    assert_false(kernel_is_installed(&h, "6.1.0-10"));
    assert_true(kernel_is_installed(&h, "6.1.0-11"));
}

/* What is no release becomes no part of a path, and of a command. */
static void test_names(void **state _unused_) {
    static const char *const names[] = { ".build", "a b", "-u", "6.1;x", "6.1\n", "\xff" };

    in_boot("6.1.0-9");
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        in_boot(names[i]);
    assert_installed("6.1.0-9");
}

static void test_no_directory(void **state _unused_) {
    _cleanup_strv_free_ char **found = NULL;
    _cleanup_free_ char *next = NULL;

    tree_write(&h, "/usr/lib/modules", "");
    assert_int_equal(kernels_installed(&h, &found), -ENOTDIR);
    assert_null(found);
    assert_int_equal(kernels_next(&h, &next), -ENOTDIR);
    assert_null(next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_none),
        TEST(test_order),
        TEST(test_halves),
        TEST(test_names),
        TEST(test_no_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
