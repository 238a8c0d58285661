/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execute-test.h"
#include "state/hold.h"
#include "system/manager.h"

/* HoldSec=: how long patches delay the boot. */

static bool running, booting;
static uint64_t userspace_start;
static unsigned n_asked;

bool __wrap_manager_is_running(const struct host *h);
int __wrap_manager_connect(struct manager **ret, struct error *e_);
int __wrap_manager_active_state(struct manager *m, const char *unit, char **ret);
int __wrap_manager_userspace_start(struct manager *m, uint64_t *ret);

bool __wrap_manager_is_running(const struct host *h _unused_) {
    return running;
}

int __wrap_manager_connect(struct manager **ret, struct error *e_ _unused_) {
    *ret = NULL;
    n_asked++;
    return 0;
}

int __wrap_manager_active_state(struct manager *m _unused_, const char *unit, char **ret) {
    assert_string_equal(unit, "sysinit.target");
    *ret = strdup(booting ? "inactive" : "active");
    return 0;
}

int __wrap_manager_userspace_start(struct manager *m _unused_, uint64_t *ret) {
    *ret = userspace_start;
    return 0;
}

/* As a file system of a server that does not answer. */
static int open_error;
int __wrap_module_file_open(const struct host *h, const char *path, struct module_file *ret, struct error *e_);
int __real_module_file_open(const struct host *h, const char *path, struct module_file *ret, struct error *e_);

int __wrap_module_file_open(const struct host *h, const char *path, struct module_file *ret, struct error *e_) {
    if (open_error == 0)
        return __real_module_file_open(h, path, ret, e_);
    return error_set(e_, open_error, EXIT_STATUS_FAILED, "%s: %s", path, strerror(-open_error));
}

static int prepare(void **state) {
    setup(state);
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n[Boot]\nHoldSec=3\n");
    running = booting = true;
    userspace_start = 0;
    n_asked = 0;
    open_error = 0;
    assert_int_equal(setenv("INVOCATION_ID", "x", 1), 0);
    fake_kernel_advance(&k, USEC_PER_SEC);
    for (const char *name = "abcd"; *name; name++)
        patch((char[]){ *name, '\0' }, "");
    return 0;
}

static void stall_a(void) {
    fake_kernel_module(&k, "a")->stalls = true;
    assert_int_equal(load("a"), 1);
}

static void assert_late(const char *name) {
    _cleanup_(result_done) struct result r = {};

    assert_int_equal(result_read(&k.host, name, &r), 0);
    assert_string_equal(r.state, "skipped");
    assert_string_equal(r.action, "wait");
    assert_non_null(strstr(r.reason, "HoldSec="));
}

/* The boot continues when the time is up, and the other patches are not tried. */
static void test_stalled(void **state _unused_) {
    uint64_t begin = k.now;

    stall_a();
    assert_failed(load("b"), -ETIMEDOUT, EXIT_STATUS_TIMEOUT, "skipped", "held it up for 3 s (HoldSec=)");
    assert_true(k.now - begin >= 3 * USEC_PER_SEC && k.now - begin < 4 * USEC_PER_SEC);
    assert_late("b");
    assert_late("c");
    assert_late("d");
    assert_true(hold_record_is_over(&k.host));

    /* lpd.service loads it later, and that stays recorded. */
    hold_record_undo(&k.host);
    booting = false;
    fake_kernel_module(&k, "a")->stalls = false;
    assert_int_equal(livepatch_write(&k.host, "a", "force", "1"), 0);
    assert_int_equal(load("b"), 1);
    assert_string_equal(result.state, "active");
    assert_non_null(strstr(result.late_reason, "HoldSec="));
    assert_int_equal(load("b"), 0);
    assert_non_null(result.late_reason);
}

/* The boot waits for a required one. */
static void test_required(void **state _unused_) {
    uint64_t begin = k.now;

    patch("b", "Required=yes\n");
    stall_a();
    assert_int_equal(load("b"), -ETIME);
    assert_true(k.now - begin >= 59 * USEC_PER_SEC);
    assert_int_equal(n_asked, 1);
}

/* The time runs out between two loads. */
static void test_over(void **state _unused_) {
    assert_int_equal(load("a"), 1);
    fake_kernel_advance(&k, 4 * USEC_PER_SEC);
    assert_int_equal(load("b"), -ETIMEDOUT);
    assert_int_equal(k.n_finit, 1);
}

/* Within the time only the first load asks systemd; after the boot there is no limit, nor for a
 * load by hand. */
static void test_no_boot(void **state _unused_) {
    assert_int_equal(load("a"), 1);
    assert_int_equal(load("b"), 1);
    assert_int_equal(n_asked, 1);
    fake_kernel_advance(&k, 4 * USEC_PER_SEC);
    booting = false;
    fake_kernel_module(&k, "c")->transition_usec = 10 * USEC_PER_SEC;
    assert_int_equal(load("c"), 1);
    assert_int_equal(load("d"), 1);
    assert_false(hold_record_is_over(&k.host));
}

static void test_by_hand(void **state _unused_) {
    stall_a();
    assert_int_equal(unsetenv("INVOCATION_ID"), 0);
    assert_int_equal(load("b"), -ETIME);
    assert_int_equal(n_asked, 1);
}

/* A patch that is loaded and unloaded after the boot leaves no record. */
static void test_after_boot(void **state _unused_) {
    booting = false;
    assert_int_equal(load("a"), 1);
    assert_int_equal(hold_record_read(&k.host), 0);
}

/* /run survives a soft-reboot. */
static void test_soft_reboot(void **state _unused_) {
    assert_int_equal(load("a"), 1);
    fake_kernel_advance(&k, 100 * USEC_PER_SEC);
    userspace_start = k.now - USEC_PER_SEC;
    assert_int_equal(load("b"), 1);
    assert_int_equal(hold_record_read(&k.host) > userspace_start, true);
}

static void test_infinite(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n[Boot]\nHoldSec=infinity\n");
    stall_a();
    assert_int_equal(load("b"), -ETIME);
    assert_int_equal(n_asked, 0);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, prepare, teardown)

/* An answer that a server or a disk does not give in time is no end of HoldSec=: the patch has failed. */
static void test_server_in_time(void **state _unused_) {
    _cleanup_(result_done) struct result r = {};

    open_error = -ETIMEDOUT;
    assert_failed(load("a"), -EIO, EXIT_STATUS_FAILED, "failed", "Connection timed out");
    assert_string_equal(result.action, "load");
    open_error = 0;
    fake_kernel_module(&k, "b")->error = -ETIMEDOUT;
    assert_true(load("b") < 0);
    assert_string_equal(result.state, "failed");
    assert_string_equal(result.action, "load");
    assert_int_equal(result_read(&k.host, "c", &r), -ENOENT); /* nobody has given up on the rest */
    assert_int_equal(load("c"), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_stalled), TEST(test_required), TEST(test_over), TEST(test_no_boot), TEST(test_by_hand),
        TEST(test_after_boot), TEST(test_soft_reboot), TEST(test_infinite), TEST(test_server_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
