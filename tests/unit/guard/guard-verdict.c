/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "check.h"
#include "guard/verdict.h"

static const struct guard_moment host = { "now", "system", 2 }, initramfs = { "now", "initrd", 2 };

/* A build with an attempt for each of the boots. Only read: it borrows its texts. */
static struct ledger_build build(enum ledger_state state, const char *stage, const char *const *boots) {
    struct ledger_build b = { .state = state, .stage = (char *) stage };

    for (size_t i = 0; boots && boots[i]; i++)
        b.attempts[b.n_attempts++] =
            (struct ledger_attempt){ .boot_id = (char *) boots[i], .stage = (char *) "system" };
    return b;
}

#define BUILD(state, stage, ...) build(state, stage, (const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static void test_unknown_build_is_on_trial(void **state _unused_) {
    assert_int_equal(guard_judge(NULL, &host), GUARD_TRIAL);
    assert_int_equal(guard_judge(NULL, &initramfs), GUARD_TRIAL);
}

static void test_confirmed_where(void **state _unused_) {
    const struct ledger_build early = BUILD(LEDGER_CONFIRMED, "initrd"), late = BUILD(LEDGER_CONFIRMED, "system");

    assert_int_equal(guard_judge(&early, &initramfs), GUARD_CONFIRMED);
    assert_int_equal(guard_judge(&early, &host), GUARD_CONFIRMED);
    assert_int_equal(guard_judge(&late, &host), GUARD_CONFIRMED);
    assert_int_equal(guard_judge(&late, &initramfs), GUARD_TRIAL);
}

/* The initramfs tries what the host has confirmed: that costs the initramfs alone. */
static void test_crashes_of_the_unconfirmed_stage(void **state _unused_) {
    const struct ledger_build late = BUILD(LEDGER_CONFIRMED, "system", "one", "two");

    assert_int_equal(guard_judge(&late, &initramfs), GUARD_QUARANTINED);
    assert_int_equal(guard_judge(&late, &host), GUARD_CONFIRMED);
}

static void test_crashes_are_counted(void **state _unused_) {
    const struct ledger_build none = BUILD(LEDGER_TRIAL, NULL), own = BUILD(LEDGER_TRIAL, NULL, "now"),
                              one = BUILD(LEDGER_TRIAL, NULL, "one", "now"),
                              two = BUILD(LEDGER_TRIAL, NULL, "one", "two");
    const struct guard_moment strict = { "now", "system", 1 }, elsewhere = { NULL, "system", 2 };

    assert_int_equal(guard_crashes(&one, "now"), 1);
    assert_int_equal(guard_crashes(&one, NULL), 2);
    assert_int_equal(guard_judge(&none, &host), GUARD_TRIAL);
    assert_int_equal(guard_judge(&none, &strict), GUARD_TRIAL);
    assert_int_equal(guard_judge(&own, &strict), GUARD_TRIAL);
    assert_int_equal(guard_judge(&one, &host), GUARD_TRIAL);
    assert_int_equal(guard_judge(&one, &strict), GUARD_QUARANTINED);
    assert_int_equal(guard_judge(&two, &host), GUARD_QUARANTINED);
    assert_int_equal(guard_judge(&one, &elsewhere), GUARD_QUARANTINED);
}

static void test_quarantine_stands(void **state _unused_) {
    const struct ledger_build b = BUILD(LEDGER_QUARANTINED, NULL);

    assert_int_equal(guard_judge(&b, &host), GUARD_QUARANTINED);
    assert_int_equal(guard_judge(&b, &initramfs), GUARD_QUARANTINED);
}

static void assert_reason(const struct ledger_build *b, const char *expected) {
    _cleanup_free_ char *reason = guard_reason(b, &host);

    assert_non_null(reason);
    assert_string_equal(reason, expected);
}

static void test_reason(void **state _unused_) {
    struct ledger_build b = BUILD(LEDGER_TRIAL, NULL, "one", "two", "now");

    assert_reason(&b, "2 boots in a row ended without an orderly shutdown while it was on trial");
    b = BUILD(LEDGER_TRIAL, NULL, "one");
    assert_reason(&b, "1 boot ended without an orderly shutdown while it was on trial");
    b.reason = (char *) "the kernel reported a BUG in it";
    assert_reason(&b, "the kernel reported a BUG in it");
    b = BUILD(LEDGER_QUARANTINED, NULL);
    assert_reason(&b, "it was put into quarantine");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_build_is_on_trial), cmocka_unit_test(test_confirmed_where),
        cmocka_unit_test(test_crashes_of_the_unconfirmed_stage), cmocka_unit_test(test_crashes_are_counted),
        cmocka_unit_test(test_quarantine_stands), cmocka_unit_test(test_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
