/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patches whose cumulative successor was unloaded, and the results that show this. */
#include "records-test.h"

#define ORPHANS_TEST(f) cmocka_unit_test_setup_teardown(f, begin_records, end_records)

static void load_cumulative(const char *name, const char *module) {
    patch(name, "");
    fake_kernel_module(&k, module)->replace = true;
    assert_int_equal(load(name), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    execute_completed(&k.host, &result);
    assert_int_equal(result_write(&k.host, &result), 0);
}

/* The orphans, joined; "" if there are none. */
static const char *find(void) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = {};
    _cleanup_strv_free_ char **names = NULL;
    static char text[256];
    char *joined;

    assert_true(records_update(&records, &k.host) >= 0);
    assert_int_equal(livepatch_list_read(&k.host, NULL, &l), 0);
    assert_int_equal(orphans_find(&orphans, &l, &records.list, &names), 0);
    joined = strv_join(names, " ");
    assert_non_null(joined);
    (void) snprintf(text, sizeof(text), "%s", joined);
    free(joined);
    return text;
}

static void handle(const char *name) {
    assert_int_equal(strv_extend(&orphans.handled, name), 0);
}

static void test_successor_gone(void **state _unused_) {
    load_cumulative("fix-a", "fix_a");
    load_cumulative("fix-b", "fix_b");
    assert_string_equal(find(), "");
    assert_int_equal(unload("fix-b"), 1);
    assert_string_equal(find(), "fix-a");
    assert_string_equal(find(), "fix-a"); /* until it was handled */
    handle("fix-a");
    assert_string_equal(find(), "");
    /* Once more. */
    assert_int_equal(load("fix-a"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_string_equal(find(), "");
    load_cumulative("fix-b", "fix_b");
    assert_string_equal(find(), "");
    assert_int_equal(unload("fix-b"), 1);
    assert_string_equal(find(), "fix-a");
}

/* Of several patches only the last one would run now. */
static void test_several(void **state _unused_) {
    load_cumulative("fix-a", "fix_a");
    load_cumulative("fix-b", "fix_b");
    assert_string_equal(find(), "");
    load_cumulative("fix-c", "fix_c");
    assert_string_equal(find(), "");
    assert_int_equal(unload("fix-c"), 1);
    assert_string_equal(find(), "fix-b");
}

static void test_unloaded(void **state _unused_) {
    load_cumulative("fix-a", "fix_a");
    assert_string_equal(find(), "");
    assert_int_equal(unload("fix-a"), 1);
    assert_string_equal(find(), "");
}

static bool knows(const char *name) {
    return result_list_find(&records.list, name) != NULL;
}

/* Only results that have changed are read again. */
static void test_records(void **state _unused_) {
    assert_int_equal(records_update(&records, &k.host), 0);
    patch("fix-a", "");
    assert_int_equal(load("fix-a"), 1);
    assert_int_equal(records_update(&records, &k.host), 1);
    assert_true(knows("fix-a"));
    assert_int_equal(records_update(&records, &k.host), 0);
    assert_null(records.failed);
    fake_kernel_text(&k, "/etc/lpd/disable", "");
    patch("fix-b", "Requires=fix-c\n");
    assert_int_equal(load("fix-b"), -ECANCELED);
    fake_kernel_remove(&k, "/etc/lpd/disable");
    assert_int_equal(records_update(&records, &k.host), 1);
    assert_null(records.failed); /* it was skipped */
    assert_int_equal(load("fix-b"), -ECANCELED);
    assert_int_equal(records_update(&records, &k.host), 1);
    assert_true(strv_contains(records.failed, "fix-b"));
    assert_int_equal(result_remove(&k.host, "fix-b"), 0);
    assert_int_equal(records_update(&records, &k.host), 1);
    assert_false(knows("fix-b"));
    assert_true(knows("fix-a"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ORPHANS_TEST(test_successor_gone),
        ORPHANS_TEST(test_several),
        ORPHANS_TEST(test_unloaded),
        ORPHANS_TEST(test_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
