/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/confirming.h"
#include "monitor/units.h"
#include "monitor/waiting.h"
#include "records-test.h"
#include "state/ledger.h"
#include "store/changes-lock.h"
#include "system/manager.h"

/* What lpd.service has systemd do: the units of patches that are gone, that failed, and that had to wait. */

bool __wrap_manager_is_running(const struct host *h);
int __wrap_manager_connect(struct manager **ret, struct error *e_);
struct manager *__wrap_manager_free(struct manager *m);
int __wrap_manager_queue_job(struct manager *m, const char *method, const char *unit, struct error *e_);
int __wrap_manager_active_state(struct manager *m, const char *unit, char **ret);

static bool running;
static const char *active_state;
static char **jobs;

bool __wrap_manager_is_running(const struct host *h _unused_) {
    return running;
}

int __wrap_manager_connect(struct manager **ret, struct error *e_ _unused_) {
    *ret = (struct manager *) &jobs;
    return 0;
}

struct manager *__wrap_manager_free(struct manager *m _unused_) {
    return NULL;
}

int __wrap_manager_queue_job(struct manager *m, const char *method, const char *unit, struct error *e_ _unused_) {
    char *job;

    assert_ptr_equal(m, &jobs);
    assert_true(asprintf(&job, "%s %s", method, unit) >= 0);
    return strv_consume(&jobs, job);
}

int __wrap_manager_active_state(struct manager *m, const char *unit _unused_, char **ret) {
    assert_ptr_equal(m, &jobs);
    *ret = strdup(active_state);
    return *ret ? 0 : -ENOMEM;
}

static int begin(void **state) {
    running = true;
    active_state = "active";
    return begin_records(state);
}

static int end(void **state) {
    jobs = strv_free(jobs);
    return end_records(state);
}

#define UNITS_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

/* One look of lpd.service. */
static int correct(void) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = {};

    jobs = strv_free(jobs);
    assert_true(records_update(&records, &k.host) >= 0);
    assert_int_equal(livepatch_list_read(&k.host, NULL, &l), 0);
    return units_correct(&k.host, &orphans, &records, &l);
}

static void assert_jobs(const char *wanted) {
    _cleanup_free_ char *joined = strv_join(jobs, "; ");

    assert_string_equal(joined, wanted);
}

static void complete(const char *name, bool replace) {
    fake_kernel_module(&k, name)->replace = replace;
    assert_int_equal(load(name), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    execute_completed(&k.host, &result);
    assert_int_equal(result_write(&k.host, &result), 0);
}

static void switch_off(const char *name) {
    assert_int_equal(livepatch_write(&k.host, name, "enabled", "0"), 0);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_false(livepatch_is_registered(&k.host, name));
}

static void fail_on_record(const char *name) {
    struct result r = { .name = (char *) name, .action = (char *) "load", .state = (char *) "failed" };

    assert_int_equal(result_write(&k.host, &r), 0);
}

static void test_failed(void **state _unused_) {
    fail_on_record("a");
    active_state = "reloading";
    assert_int_equal(correct(), 1);
    assert_jobs("");
    active_state = "active";
    assert_int_equal(correct(), 0);
    assert_jobs("StopUnit livepatch@a.service");
    assert_int_equal(correct(), 0);
    assert_jobs("");
}

/* A verb of lpctl that failed has loaded again what was there before. */
static void test_loaded_again(void **state _unused_) {
    patch("a", "");
    fail_on_record("a");
    active_state = "reloading";
    assert_int_equal(correct(), 1);
    complete("a", false);
    active_state = "active";
    assert_int_equal(correct(), 0);
    assert_jobs("");
    assert_false(strv_contains(records.failed, "a"));
    fail_on_record("a");
    active_state = "reloading";
    assert_int_equal(correct(), 1);
    assert_int_equal(result_remove(&k.host, "a"), 0);
    active_state = "active";
    assert_int_equal(correct(), 0);
    assert_jobs("");
}

/* While a verb of lpctl runs it sees to the units itself. */
static void test_somebody_changes(void **state _unused_) {
    struct changes_lock *lock;

    fail_on_record("a");
    assert_int_equal(changes_lock_take(&k.host, "test", 0, NULL, NULL, &lock, &e), 0);
    assert_int_equal(correct(), 1);
    assert_jobs("");
    changes_lock_free(lock);
    assert_int_equal(correct(), 0);
    assert_jobs("StopUnit livepatch@a.service");
}

static void test_orphan(void **state _unused_) {
    patch("a", "");
    patch("b", "");
    complete("a", false);
    complete("b", true);
    assert_int_equal(correct(), 0);
    assert_int_equal(unload("b"), 1);
    assert_int_equal(correct(), 0);
    assert_jobs("ReloadUnit livepatch@a.service");
    assert_int_equal(correct(), 0);
    assert_jobs("");
}

/* By what is on record: lpd.service did not run when it happened. */
static void orphan_unseen(bool by_hand) {
    patch("a", "");
    patch("b", "");
    complete("a", false);
    complete("b", true);
    if (by_hand)
        switch_off("b");
    else
        assert_int_equal(unload("b"), 1);
    assert_int_equal(correct(), 0);
    assert_jobs("ReloadUnit livepatch@a.service");
    assert_int_equal(correct(), 0);
    assert_jobs("");
}

static void test_orphan_unseen(void **state _unused_) {
    orphan_unseen(false);
}

static void test_orphan_of_a_hand_unseen(void **state _unused_) {
    orphan_unseen(true);
}

/* What was switched off by hand was replaced by nothing, whatever was loaded after it and taken back. */
static void no_orphan_unseen(bool reverted) {
    patch("a", "");
    patch("b", "");
    complete("a", false);
    fake_kernel_module(&k, "b")->replace = true;
    assert_int_equal(load("b"), 1);
    if (reverted) { /* as lpd.service has it on record */
        assert_int_equal(livepatch_write(&k.host, "b", "enabled", "0"), 0);
        fake_kernel_advance(&k, 5 * USEC_PER_SEC);
        result.loaded = false;
        assert_int_equal(string_set(&result.state, "failed"), 0);
        assert_int_equal(result_write(&k.host, &result), 0);
    } else
        assert_int_equal(unload("b"), 1);
    switch_off("a");
    assert_int_equal(correct(), 0);
    for (size_t i = 0; jobs && jobs[i]; i++)
        assert_null(strstr(jobs[i], "livepatch@a"));
}

static void test_no_orphan_of_unloaded(void **state _unused_) {
    no_orphan_unseen(false);
}

static void test_no_orphan_of_reverted(void **state _unused_) {
    no_orphan_unseen(true);
}

static void record_waiting(const char *name, const char *action, const char *stage) {
    struct result r = { .name = (char *) name, .action = (char *) action, .stage = (char *) stage,
                        .state = (char *) (streq(action, "wait") ? "skipped" : "active"),
                        .loaded = !streq(action, "wait") };

    assert_int_equal(result_write(&k.host, &r), 0);
}

static int start_waiting(bool held) {
    jobs = strv_free(jobs);
    assert_true(records_update(&records, &k.host) >= 0);
    return waiting_start(&k.host, &records.list, held);
}

static void test_waiting(void **state _unused_) {
    record_waiting("behind", "wait", "system");
    record_waiting("there", "load", "system");
    patch("early", "Stage=initrd\n");
    record_waiting("early", "load", "initrd");
    record_waiting("of-the-volume", "load", "initrd"); /* has no manifest on the host, and so no unit */
    running = false;
    assert_int_equal(start_waiting(true), 0);
    assert_jobs("");
    running = true;
    assert_int_equal(start_waiting(false), 1);
    assert_jobs("StartUnit livepatch@behind.service");
    assert_int_equal(start_waiting(true), 1);
    strv_sort_version(jobs);
    assert_jobs("StartUnit livepatch@behind.service; StartUnit livepatch@early.service");
}

/* The builds on trial whose load has ended are confirmed by their own unit. */
static void test_confirming(void **state _unused_) {
    _cleanup_(confirming_done) struct confirming c = {};
    struct ledger_build build = { .kernel = (char *) FAKE_RELEASE, .name = (char *) "b" };
    const struct result bad = { .name = (char *) "bad", .action = (char *) "load", .stage = (char *) "system",
                                .state = (char *) "refused", .exit_status = EXIT_STATUS_REFUSED };

    patch("a", "");
    assert_int_equal(load("a"), 1);
    assert_int_equal(correct(), 0);
    assert_int_equal(confirming_look(&c, &k.host, &records.list), 0);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    execute_completed(&k.host, &result);
    assert_int_equal(result_write(&k.host, &result), 0);
    assert_int_equal(correct(), 0);
    assert_int_equal(confirming_look(&c, &k.host, &records.list), 1);
    assert_jobs("RestartUnit lpd-bless.service");
    assert_int_equal(correct(), 0);
    assert_int_equal(confirming_look(&c, &k.host, &records.list), 0);
    assert_jobs("");
    patch("b", "");
    complete("b", false);
    build.sha256 = result.sha256;
    assert_int_equal(ledger_confirm(&k.host, &build, "system", false), 1);
    assert_int_equal(correct(), 0);
    assert_int_equal(confirming_look(&c, &k.host, &records.list), 0);
    assert_jobs("");
    running = false;
    confirming_done(&c);
    c = (struct confirming){};
    assert_int_equal(confirming_look(&c, &k.host, &records.list), 0);

    /* boot-complete.target would start the unit of a patch that has failed once more. */
    running = true;
    confirming_done(&c);
    c = (struct confirming){};
    active_state = "inactive";
    assert_int_equal(confirming_look(&c, &k.host, &records.list), 1);
    assert_jobs("RestartUnit lpd-bless.service");
    assert_int_equal(result_write(&k.host, &bad), 0);
    assert_int_equal(correct(), 0);
    confirming_done(&c);
    c = (struct confirming){};
    assert_int_equal(confirming_look(&c, &k.host, &records.list), 0);
    active_state = "active";
    confirming_done(&c);
    c = (struct confirming){};
    assert_int_equal(confirming_look(&c, &k.host, &records.list), 1);
    assert_jobs("RestartUnit lpd-bless.service");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        UNITS_TEST(test_failed),
        UNITS_TEST(test_loaded_again),
        UNITS_TEST(test_somebody_changes),
        UNITS_TEST(test_orphan),
        UNITS_TEST(test_orphan_unseen),
        UNITS_TEST(test_orphan_of_a_hand_unseen),
        UNITS_TEST(test_no_orphan_of_unloaded),
        UNITS_TEST(test_no_orphan_of_reverted),
        UNITS_TEST(test_waiting),
        UNITS_TEST(test_confirming),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
