/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-test.h"

/* Which cumulative patch replaced another one: "old" is disabled with its module still loaded, and
 * "new" was loaded while "old" was. */

static struct livepatch *old, *new;

static void begin(void) {
    patch("old", "");
    look();
    put_in("old", NULL);
    put_in("new", NULL);
    old = s.loaded.patches;
    new = old + 1;
    old->registered = old->enabled = false;
}

static const char *replaced_by(void) {
    const char *first = snapshot_replaced_by(&s, 0);

    /* The lookup has no side effects. */
    assert_ptr_equal(snapshot_replaced_by(&s, 0), first);
    return first;
}

static void test_replaced(void **state _unused_) {
    begin();
    record("old", "");
    record("new", "strange old");
    assert_string_equal(replaced_by(), "new");
    /* Since 6.11 the kernel says so itself. */
    new->replace = 1;
    assert_string_equal(replaced_by(), "new");
}

/* It is unknown who loaded the old one. */
static void test_without_record(void **state _unused_) {
    begin();
    record("new", "old");
    assert_string_equal(replaced_by(), "new");
}

static void test_not_cumulative(void **state _unused_) {
    begin();
    record("new", "old");
    new->replace = 0;
    assert_null(replaced_by());
}

static void test_not_over(void **state _unused_) {
    begin();
    record("new", "strange");
    assert_null(replaced_by());
}

static void test_new_one_is_out(void **state _unused_) {
    begin();
    record("new", "old");
    new->enabled = false;
    assert_null(replaced_by());
    new->registered = false;
    assert_null(replaced_by());
}

static void test_new_one_is_gone(void **state _unused_) {
    begin();
    record("new", "old");
    free(new->name);
    new->name = strdup("something_else");
    assert_null(replaced_by());
}

static void test_unloaded_on_request(void **state _unused_) {
    begin();
    record("old", "")->loaded = false;
    record("new", "old");
    assert_null(replaced_by());
}

static void test_still_in(void **state _unused_) {
    begin();
    record("old", "");
    record("new", "old");
    old->registered = true;
    assert_null(replaced_by());
}

static void test_never_in(void **state _unused_) {
    begin();
    record("new", "old");
    old->module_loaded = false;
    assert_null(replaced_by());
    free(old->name);
    old->name = strdup("something_else");
    assert_null(replaced_by());
}

static void test_by_module_names(void **state _unused_) {
    begin();
    free(s.patch_infos[0].module_name);
    s.patch_infos[0].module_name = strdup("livepatch-old");
    free(old->name);
    old->name = strdup("livepatch_old");
    free(new->name);
    new->name = strdup("livepatch_new");
    record("new", "livepatch_old")->module_name = strdup("livepatch-new");
    assert_string_equal(replaced_by(), "new");
}

/* The same plan unloads the patch that replaced it. */
static void test_successor_unloaded(void **state _unused_) {
    const struct action *a;

    begin();
    record("old", "");
    record("new", "old");
    assert_string_equal(replaced_by(), "new");
    make_plan();
    a = plan_find(&plan, "old");
    assert_int_equal(plan.actions[0].type, ACTION_UNLOAD);
    assert_string_equal(plan.actions[0].name, "new");
    assert_int_equal(a->type, ACTION_LOAD);
    assert_string_equal(action_fact(a), "it was replaced by new, which is unloaded");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_replaced),
        TEST(test_without_record),
        TEST(test_not_cumulative),
        TEST(test_not_over),
        TEST(test_new_one_is_out),
        TEST(test_new_one_is_gone),
        TEST(test_unloaded_on_request),
        TEST(test_still_in),
        TEST(test_never_in),
        TEST(test_by_module_names),
        TEST(test_successor_unloaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
