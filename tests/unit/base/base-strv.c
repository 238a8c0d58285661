/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "check.h"

static void assert_list(char *const *l, const char *joined) {
    _cleanup_free_ char *s = strv_join(l, "|");

    assert_string_equal(s, joined);
}

static void test_empty(void **state) {
    char **l = NULL;

    assert_int_equal(strv_length(l), 0);
    assert_false(strv_contains(l, "a"));
    assert_list(l, "");
    strv_sort_version(l);
    assert_null(strv_free(l));
    STRV_FOREACH(s, l)
        fail();
}

static void test_extend(void **state) {
    _cleanup_strv_free_ char **l = NULL;
    char text[16];

    /* Covers every size at which the list grows. */
    for (unsigned i = 0; i < 1000; i++) {
        (void) snprintf(text, sizeof(text), "%u", i);
        assert_int_equal(strv_extend(&l, text), 0);
        assert_int_equal(strv_length(l), i + 1);
    }
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(atoi(l[i]), i);
    assert_true(strv_contains(l, "999"));
    assert_false(strv_contains(l, "1000"));
    assert_int_equal(strv_consume(&l, NULL), -ENOMEM);
    assert_int_equal(strv_length(l), 1000);
}

static void test_remove(void **state) {
    _cleanup_strv_free_ char **l = NULL;

    strv_remove(l, "a");
    assert_int_equal(strv_extend_split(&l, "a b a c a", " "), 0);
    strv_remove(l, "x");
    assert_list(l, "a|b|a|c|a");
    strv_remove(l, "a");
    assert_list(l, "b|c");
    strv_remove(l, "c");
    strv_remove(l, "b");
    assert_list(l, "");
}

static void test_split(void **state) {
    _cleanup_strv_free_ char **l = NULL;

    assert_int_equal(strv_extend_split(&l, "", " "), 0);
    assert_int_equal(strv_extend_split(&l, "  ", " "), 0);
    assert_null(l);
    assert_int_equal(strv_extend_split(&l, " a  b\tc ", " \t"), 0);
    assert_list(l, "a|b|c");
    assert_int_equal(strv_extend_split(&l, "d,,e,", ","), 0);
    assert_list(l, "a|b|c|d|e");
}

static void test_sort(void **state) {
    _cleanup_strv_free_ char **l = NULL;

    assert_int_equal(strv_extend_split(&l, "lp-10 b lp-9 a lp-9.1", " "), 0);
    strv_sort_version(l);
    assert_list(l, "a|b|lp-9|lp-9.1|lp-10");
}

static void test_string_set(void **state) {
    _cleanup_free_ char *s = NULL;

    assert_int_equal(string_set(&s, "a"), 0);
    assert_string_equal(s, "a");
    assert_int_equal(string_set(&s, s), 0);
    assert_string_equal(s, "a");
    assert_int_equal(string_set(&s, NULL), 0);
    assert_null(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty), cmocka_unit_test(test_extend), cmocka_unit_test(test_remove),
        cmocka_unit_test(test_split), cmocka_unit_test(test_sort),   cmocka_unit_test(test_string_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
