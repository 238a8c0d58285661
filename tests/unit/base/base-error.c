/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

static void test_set(void **state) {
    struct error e = ERROR_NULL;

    assert_string_equal(error_message(&e, -ENOENT), "No such file or directory");
    assert_string_equal(error_message(NULL, -EPERM), "Operation not permitted");
    assert_int_equal(error_set(&e, -EINVAL, EXIT_STATUS_CONFIG, "%s is %d", "a", 1), -EINVAL);
    assert_int_equal(error_hint(&e, -EINVAL, "make it %d", 2), -EINVAL);
    assert_string_equal(error_message(&e, -EINVAL), "a is 1");
    assert_string_equal(e.hint, "make it 2");
    assert_int_equal(e.exit_status, EXIT_STATUS_CONFIG);

    /* A new message has its own hint, or none. */
    assert_int_equal(error_set(&e, -EIO, EXIT_STATUS_REFUSED, "other"), -EIO);
    assert_string_equal(e.message, "other");
    assert_null(e.hint);
    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    error_done(&e);
    assert_null(e.message);
    assert_int_equal(e.exit_status, EXIT_STATUS_FAILED);
}

/* The new message may contain the old one. */
static void test_own_message(void **state) {
    struct error e = ERROR_NULL;

    (void) error_set(&e, -EIO, EXIT_STATUS_FAILED, "deep");
    (void) error_hint(&e, -EIO, "dive");
    (void) error_hint(&e, -EIO, "do not %s", e.hint);
    assert_string_equal(e.hint, "do not dive");
    (void) error_set(&e, -EIO, EXIT_STATUS_FAILED, "too %s", error_message(&e, -EIO));
    assert_string_equal(e.message, "too deep");
    error_done(&e);
}

static void test_names_of_strangers(void **state) {
    struct error e = ERROR_NULL;

    (void) error_set(&e, -EIO, EXIT_STATUS_FAILED, "signed by %s", "\u202eevil\x1b[2J");
    (void) error_hint(&e, -EIO, "ask %s", "\u2066you\u200b");
    assert_string_equal(e.message, "signed by ??" "?evil?[2J");
    assert_string_equal(e.hint, "ask ??" "?you??" "?");
    (void) error_prefix(&e, -EIO, "%s", "\ufeffx");
    assert_string_equal(e.message, "??" "?x: signed by ??" "?evil?[2J");
    error_done(&e);
}

static void test_prefix(void **state) {
    struct error e = ERROR_NULL;

    assert_int_equal(error_prefix(&e, -ENOENT, "/a"), -ENOENT);
    assert_string_equal(e.message, "/a: No such file or directory");
    (void) error_hint(&e, -ENOENT, "make it");
    assert_int_equal(error_prefix(&e, -ENOENT, "%s", "b"), -ENOENT);
    assert_string_equal(e.message, "b: /a: No such file or directory");
    assert_string_equal(e.hint, "make it");
    error_done(&e);
}

static void test_nobody_cares(void **state) {
    assert_int_equal(error_set(NULL, -EIO, EXIT_STATUS_FAILED, "x"), -EIO);
    assert_int_equal(error_hint(NULL, -EIO, "x"), -EIO);
    assert_int_equal(error_prefix(NULL, -EIO, "x"), -EIO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_own_message),
        cmocka_unit_test(test_names_of_strangers),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_nobody_cares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
