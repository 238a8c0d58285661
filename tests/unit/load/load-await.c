/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wait reports the real end: a patch that was unloaded meanwhile is not a success. */
#include "execute-test.h"
#include "load/await.h"
#include "livepatch/wait.h"

static void (*meanwhile)(void); /* called once during the wait */
static bool failed;

static void happen(struct fake_kernel *kernel _unused_) {
    void (*what)(void) = meanwhile;

    meanwhile = NULL;
    if (what)
        what();
}

static int await(uint64_t seconds, void (*what)(void), bool followed) {
    meanwhile = what;
    k.on_sleep = happen;
    error_done(&e);
    return await_patch(&k.host, "fix-it", "fix_it", wait_deadline(&k.host, seconds * USEC_PER_SEC), followed,
                       &failed, &e);
}

static void assert_gone(int r, enum exit_status status, bool own_failure, const char *words) {
    enum exit_status found = e.exit_status;

    assert_error_has(r, -ECANCELED, &e, words);
    assert_int_equal(found, status);
    assert_int_equal(failed, own_failure);
}

static void assert_late(int r, const char *words) {
    enum exit_status found = e.exit_status;

    assert_error_has(r, -ETIME, &e, words);
    assert_int_equal(found, EXIT_STATUS_TIMEOUT);
}

/* The record that lpd.service writes right afterwards. */
static void write_down(const char *cause, enum exit_status status, bool loaded, bool complete) {
    _cleanup_(result_done) struct result r = {};

    assert_int_equal(result_read(&k.host, "fix-it", &r), 0);
    r.loaded = loaded;
    r.complete = complete;
    r.exit_status = status;
    assert_int_equal(string_set(&r.cause, cause), 0);
    if (cause)
        assert_int_equal(string_set(&r.reason, "the very reason"), 0);
    assert_int_equal(result_write(&k.host, &r), 0);
}

static void take_out(void) {
    assert_int_equal(livepatch_unload(&k.host, "fix_it", 60 * USEC_PER_SEC, NULL), 1);
}

static void revert(void) {
    take_out();
    write_down(CAUSE_REVERTED, EXIT_STATUS_TIMEOUT, false, false);
}

static void fail_probe(void) {
    take_out();
    write_down(CAUSE_PROBE_FAILED, EXIT_STATUS_FAILED, false, false);
}

static void pass_probe(void) {
    write_down(NULL, EXIT_STATUS_DONE, true, true);
}

static void unload_it(void) {
    _cleanup_(result_done) struct result r = {};

    assert_int_equal(execute_unload(&k.host, "fix-it", &r, NULL), 1);
}

static void switch_off(void) {
    take_out();
    write_down(CAUSE_SWITCHED_OFF, EXIT_STATUS_DONE, false, false);
}

static void load_it(const char *keys) {
    patch("fix-it", keys);
    fake_kernel_module(&k, "fix_it")->transition_usec = 5 * USEC_PER_SEC;
    assert_int_equal(load("fix-it"), 1);
}

static void test_loaded(void **state _unused_) {
    load_it("");
    assert_int_equal(await(10, NULL, true), 0);
    assert_int_equal(await(0, NULL, true), 0);
}

static void test_time_is_up(void **state _unused_) {
    load_it("");
    assert_late(await(2, NULL, true), "after 2 s");
}

static void test_reverted(void **state _unused_) {
    load_it("");
    assert_gone(await(60, revert, true), EXIT_STATUS_TIMEOUT, true, "fix-it: the very reason");
}

/* The transition has ended, and the probe is still running. */
static void test_probe(void **state _unused_) {
    load_it("Probe=/usr/bin/probe\n");
    fake_kernel_advance(&k, 6 * USEC_PER_SEC);
    assert_gone(await(60, fail_probe, true), EXIT_STATUS_FAILED, true, "fix-it: the very reason");
    load_it("Probe=/usr/bin/probe\n");
    fake_kernel_advance(&k, 6 * USEC_PER_SEC);
    assert_error_has(await(60, NULL, false), -ENOTCONN, &e, "its probe has not been run");
    assert_late(await(2, NULL, true), "its probe has not ended in time");
    assert_int_equal(await(60, pass_probe, true), 0);
    assert_int_equal(await(60, NULL, false), 0);
}

static void test_taken_out(void **state _unused_) {
    load_it("");
    assert_gone(await(60, unload_it, true), EXIT_STATUS_FAILED, false, "it was unloaded meanwhile");
    load_it("");
    assert_gone(await(60, switch_off, true), EXIT_STATUS_FAILED, false, "fix-it: the very reason");
}

static void test_replaced(void **state _unused_) {
    load_it("");
    assert_int_equal(await(60, NULL, true), 0);
    patch("newer", "");
    fake_kernel_module(&k, "newer")->replace = true;
    assert_int_equal(load("newer"), 1);
    fake_kernel_advance(&k, 10 * USEC_PER_SEC);
    assert_gone(await(60, NULL, true), EXIT_STATUS_FAILED, false, "newer has replaced it");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_loaded), TEST(test_time_is_up), TEST(test_reverted),
        TEST(test_probe),  TEST(test_taken_out),  TEST(test_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
