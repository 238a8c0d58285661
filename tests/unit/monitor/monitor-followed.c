/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "monitor/followed.h"

/* When a transition counts as stalled: each has its own clock, and OnStall= applies only to that of
 * a load by lpd. */

#define MINUTE (60 * USEC_PER_SEC)
#define DAY (24 * 60 * MINUTE)

static struct followed f;
static char name[] = "fix_a", other[] = "fix_b", active[] = "active", failed[] = "failed";
static struct livepatch patch;
static struct result result;
static struct manifest manifest;

static int setup(void **state _unused_) {
    f = (struct followed){};
    patch = (struct livepatch){ .name = name, .registered = true, .enabled = true, .transition = true };
    result = (struct result){ .name = name, .state = active, .loaded = true, .monotonic_usec = MINUTE };
    manifest = (struct manifest){ .timeout_usec = MINUTE };
    return 0;
}

static int teardown(void **state _unused_) {
    followed_done(&f);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static bool overdue(uint64_t now) {
    return followed_is_overdue(&f, &result, &manifest, now);
}

static void test_load(void **state _unused_) {
    assert_false(overdue(DAY));
    followed_see(&f, &patch, MINUTE + 1);
    followed_see(&f, &patch, MINUTE + 2);
    assert_false(overdue(2 * MINUTE));
    assert_true(overdue(2 * MINUTE + 1));
    f.handled = true;
    followed_see(&f, &patch, 3 * MINUTE);
    assert_false(overdue(DAY));
}

static void test_never(void **state _unused_) {
    manifest.timeout_usec = USEC_INFINITY;
    followed_see(&f, &patch, MINUTE);
    assert_false(overdue(DAY));
}

/* Another program disables it long after the load; at the very beginning it still shows as
 * enabled. */
static void test_disabled_by_others(void **state _unused_) {
    result.complete = true;
    followed_see(&f, &patch, DAY);
    assert_false(overdue(DAY));
    assert_false(overdue(2 * DAY));
    patch.enabled = false;
    followed_see(&f, &patch, DAY + 1);
    assert_false(overdue(2 * DAY));
    /* And enables it again. */
    patch.enabled = true;
    followed_see(&f, &patch, DAY + 2);
    assert_false(overdue(2 * DAY));
}

/* The transition of the load is reversed twice: its clock starts anew. */
static void test_turned(void **state _unused_) {
    followed_see(&f, &patch, MINUTE);
    f.handled = true;
    patch.enabled = false;
    followed_see(&f, &patch, DAY);
    assert_false(overdue(2 * DAY));
    patch.enabled = true;
    followed_see(&f, &patch, 2 * DAY);
    assert_true(f.patching);
    assert_false(overdue(2 * DAY + 1));
    assert_true(overdue(2 * DAY + MINUTE));
}

/* The record is that of the previous load, until this one is recorded. */
static void test_record(void **state _unused_) {
    followed_see(&f, &patch, DAY);
    result.loaded = false;
    assert_false(overdue(2 * DAY));
    result.loaded = true;
    result.state = failed;
    assert_false(overdue(2 * DAY));
    result.state = active;
    result.monotonic_usec = 2 * DAY;
    assert_false(overdue(2 * DAY));
    assert_true(overdue(2 * DAY + MINUTE));
}

static void test_another(void **state _unused_) {
    followed_see(&f, &patch, MINUTE);
    f.handled = true;
    patch.name = other;
    patch.enabled = false;
    followed_see(&f, &patch, DAY);
    assert_string_equal(f.module, other);
    assert_false(f.patching || f.handled);
    assert_int_equal(f.since_usec, DAY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_load),   TEST(test_never),  TEST(test_disabled_by_others),
        TEST(test_turned), TEST(test_record), TEST(test_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
