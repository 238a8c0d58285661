/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A patch is loaded when its unit was started and the kernel has it, not when systemd reports its
 * job as done. This file replaces systemd's answers. */
#include "execute-test.h"
#include "load/converge.h"
#include "state/hold.h"

#define UNIT "livepatch@fix-it.service"

int __wrap_manager_run_job(struct manager *m, const char *method, const char *unit, char **ret_result,
                           struct error *error);
int __wrap_manager_active_state(struct manager *m, const char *unit, char **ret);
int __wrap_manager_failed_condition(struct manager *m, const char *unit, char **ret);

static struct manager *manager = (struct manager *) &k; /* not dereferenced */
static const char *job, *state_after, *condition;
static unsigned n_jobs;
static bool runs; /* the unit's program */

int __wrap_manager_run_job(struct manager *m, const char *method _unused_, const char *unit, char **ret_result,
                           struct error *error _unused_) {
    assert_ptr_equal(m, manager);
    assert_string_equal(unit, UNIT);
    n_jobs++;
    if (runs) {
        _cleanup_(result_done) struct result r = {};

        (void) execute_load(&k.host, "fix-it", &r, NULL);
    }
    *ret_result = strdup(job);
    return 0;
}

int __wrap_manager_active_state(struct manager *m _unused_, const char *unit, char **ret) {
    assert_string_equal(unit, UNIT);
    if (!state_after)
        return -EIO;
    *ret = strdup(state_after);
    return 0;
}

int __wrap_manager_failed_condition(struct manager *m _unused_, const char *unit, char **ret) {
    assert_string_equal(unit, UNIT);
    *ret = condition ? strdup(condition) : NULL;
    return condition != NULL;
}

static void systemd_says(const char *job_result, const char *state, const char *failed, bool program) {
    job = job_result;
    state_after = state;
    condition = failed;
    runs = program;
    n_jobs = 0;
}

static int converge(void) {
    error_done(&e);
    result_done(&result);
    return converge_load(&k.host, manager, "fix-it", &result, &e);
}

static void assert_refused(int r, const char *words) {
    if (r != -ECANCELED || e.exit_status != EXIT_STATUS_FAILED || !strstr(e.message, words) ||
        !strstr(e.message, UNIT))
        fail_msg("%d, exit status %u: %s", r, e.exit_status, error_message(&e, r));
}

static void test_loaded(void **state _unused_) {
    patch("fix-it", "");
    systemd_says("done", "active", NULL, true);
    fake_kernel_text(&k, HOLD_OVER, "");
    assert_int_equal(converge(), 1);
    assert_false(hold_record_is_over(&k.host)); /* it would prevent the start of the unit */
    assert_string_equal(result.state, "active");
    assert_int_equal(converge(), 0);
}

static void test_condition(void **state _unused_) {
    patch("fix-it", "");
    systemd_says("done", "inactive", "ConditionPathExists=/srv/x", false);
    assert_refused(converge(), "was not started: a condition was not met: ConditionPathExists=/srv/x");
    assert_null(strstr(e.message, "loaded in any case"));
    assert_non_null(strstr(e.hint, "systemctl status " UNIT));
    systemd_says("assert", "inactive", "AssertPathExists=/srv/x", false);
    assert_refused(converge(), "AssertPathExists=/srv/x");
    /* ExecCondition=, or a unit that systemd has unloaded since. */
    systemd_says("done", "inactive", NULL, false);
    assert_refused(converge(), "was not started: a condition was not met, as systemd reports that it is inactive");
    systemd_says("done", "failed", NULL, false);
    assert_refused(converge(), "was not started: systemd reports that it is failed");
    systemd_says("done", NULL, NULL, false);
    assert_error_has(converge(), -EIO, &e, UNIT);
}

/* The initramfs has loaded it. */
static void test_condition_but_in(void **state _unused_) {
    patch("fix-it", "");
    assert_int_equal(load("fix-it"), 1);
    systemd_says("done", "inactive", "ConditionPathExists=/srv/x", false);
    assert_refused(converge(), "ConditionPathExists=/srv/x; the patch is loaded in any case");
}

/* The record of an earlier attempt is not the reason for this one. */
static void test_stale_record(void **state _unused_) {
    patch("fix-it", "");
    fake_kernel_text(&k, "/etc/lpd/disable", "");
    assert_int_equal(load("fix-it"), -ECANCELED);
    systemd_says("failed", "failed", NULL, false);
    assert_error_has(converge(), -EIO, &e, "/etc/lpd/disable exists");
    systemd_says("canceled", "inactive", NULL, false);
    assert_error_has(converge(), -EIO, &e, "the job of " UNIT " ended with: canceled");
}

static void test_masked(void **state _unused_) {
    patch("fix-it", "");
    systemd_says("done", "inactive", NULL, false);
    fake_kernel_text(&k, "/etc/systemd/system/" UNIT, "");
    assert_refused(converge(), UNIT " is masked: /etc/systemd/system/" UNIT);
    assert_string_equal(e.hint, "unmask it: systemctl unmask " UNIT);
    assert_int_equal(n_jobs, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_loaded),      TEST(test_condition), TEST(test_condition_but_in),
        TEST(test_stale_record), TEST(test_masked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
