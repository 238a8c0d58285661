/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execute-test.h"
#include "livepatch/kernel-flag.h"
#include "lock/unit.h"
#include "state/lock.h"
#include "system/manager.h"

/* lpd-lock.service and the unit that loads modules for it, with a systemd that answers as the test
 * says. */

static const char *job_result, *record, *condition;

int __wrap_manager_connect(struct manager **ret, struct error *error);
int __wrap_manager_connect(struct manager **ret, struct error *error _unused_) {
    *ret = NULL;
    return 0;
}

int __wrap_manager_active_since(struct manager *m, const char *unit, uint64_t *ret);
int __wrap_manager_active_since(struct manager *m _unused_, const char *unit _unused_,
                                uint64_t *ret) {
    *ret = 0;
    return 0;
}

int __wrap_manager_run_job(struct manager *m, const char *method, const char *unit, char **ret,
                           struct error *error);
int __wrap_manager_run_job(struct manager *m _unused_, const char *method _unused_,
                           const char *unit,
                           char **ret, struct error *error _unused_) {
    assert_string_equal(unit, LOCK_MODULES_UNIT);
    if (record)
        fake_kernel_text(&k, LOCK_MODULES_RECORD, record);
    *ret = strdup(job_result);
    return 0;
}

int __wrap_manager_failed_condition(struct manager *m, const char *unit, char **ret);
int __wrap_manager_failed_condition(struct manager *m _unused_, const char *unit _unused_,
                                    char **ret) {
    *ret = condition ? strdup(condition) : NULL;
    return condition != NULL;
}

static int prepare(void **state) {
    job_result = "done";
    record = condition = NULL;
    (void) setup(state);
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Lock]\nLock=settled\nModules=loop\n");
    return 0;
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, prepare, teardown)

static void is_refused(const char *part) {
    assert_error_has(lock_unit(&k.host, &e) < 0, true, &e, part);
    assert_int_equal(kernel_flag_read(&k.host, KERNEL_MODULES_DISABLED), 0);
    error_done(&e);
}

static void test_loaded(void **state _unused_) {
    record = "";
    assert_int_equal(lock_unit(&k.host, &e), 1);
    assert_int_equal(kernel_flag_read(&k.host, KERNEL_MODULES_DISABLED), 1);
}

static void test_not_loaded(void **state _unused_) {
    job_result = "failed";
    record = "loop: no such module\n";
    is_refused("loop: no such module");
    fake_kernel_remove(&k, LOCK_MODULES_RECORD);
    record = NULL;
    is_refused("the modules of Modules= could not be loaded");
}

/* systemd reports success for a start that a condition prevented; the record of an earlier start
 * does not count. */
static void test_kept_out(void **state _unused_) {
    fake_kernel_text(&k, LOCK_MODULES_RECORD, "");
    is_refused(LOCK_MODULES_UNIT " has not recorded that it loaded the modules of Modules=");
    condition = "ConditionPathExists=/x";
    is_refused("was not started: a condition was not met: ConditionPathExists=/x");
}

static void test_no_modules(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Lock]\nLock=settled\n");
    job_result = "failed";
    assert_int_equal(lock_unit(&k.host, &e), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_loaded),
        TEST(test_not_loaded),
        TEST(test_kept_out),
        TEST(test_no_modules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
