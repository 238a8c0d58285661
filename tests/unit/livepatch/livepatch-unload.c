/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livepatch-test.h"

static int unload(const char *name) {
    error_done(&e);
    return livepatch_unload(&k.host, name, 60 * USEC_PER_SEC, &e);
}

static void test_unload(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "lp_a", BUILD_1);

    m->reference_usec = 300 * USEC_PER_MSEC;
    assert_int_equal(unload("lp-a"), 1);
    assert_absent("lp_a");
    assert_null(e.message);

    /* Nothing to do. */
    k.n_write = 0;
    assert_int_equal(unload("lp-a"), 0);
    assert_int_equal(unload("never_heard_of"), 0);
    assert_int_equal(unload("../escape"), 0);
    assert_int_equal(k.n_write, 0);
}

static void test_turns_its_transition_back(void **state _unused_) {
    enum load_result result;

    fake_kernel_module(&k, "lp_a")->stalls = true;
    assert_int_equal(load("lp_a", BUILD_1, &result), 0);
    assert_int_equal(unload("lp_a"), 1);
    assert_absent("lp_a");
}

static void test_joins_a_disabling(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    start_disabling("lp_a");
    k.n_write = 0;
    assert_int_equal(unload("lp_a"), 1);
    assert_int_equal(k.n_write, 0);
    assert_absent("lp_a");
}

static void test_disabled_or_replaced(void **state _unused_) {
    enum load_result result;

    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_module(&k, "lp_b")->replace = true;
    assert_int_equal(load("lp_b", BUILD_2, &result), 0);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    fake_kernel_advance(&k, 1);
    assert_true(fake_kernel_module(&k, "lp_a")->loaded);
    assert_int_equal(unload("lp_a"), 1);
    assert_absent("lp_a");
    assert_in("lp_b", BUILD_2);
}

static void test_sealed(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    assert_int_equal(k.host.ops->cover(&k.host, "/sys/kernel/livepatch"), 0);
    assert_int_equal(unload("lp_a"), 1);
    assert_absent("lp_a");
}

/* A read-only mount of another program, which lpd cannot bypass. */
static void test_read_only(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    k.sealed = true;
    assert_error(unload("lp_a"), -EROFS, EXIT_STATUS_FAILED, "/sys/kernel/livepatch is read-only here");
    assert_in("lp_a", BUILD_1);
}

static void test_waits_for_another(void **state _unused_) {
    enum load_result result;

    fake_kernel_patch(&k, "lp_a", BUILD_1);
    assert_int_equal(load("lp_b", BUILD_2, &result), 0);
    assert_int_equal(unload("lp_a"), 1);
    assert_absent("lp_a");
    assert_in("lp_b", BUILD_2);
}

static void test_another_stalls(void **state _unused_) {
    enum load_result result;
    uint64_t start;

    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_module(&k, "lp_b")->stalls = true;
    assert_int_equal(load("lp_b", BUILD_2, &result), 0);
    start = k.now;
    assert_error(unload("lp_a"), -ETIME, EXIT_STATUS_TIMEOUT,
                 "lp_a cannot be disabled yet: lp_b: the transition has not finished after 60 s");
    assert_int_equal(k.now - start, 60 * USEC_PER_SEC);
    assert_in("lp_a", BUILD_1);
}

static void test_stalls(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "lp_a", BUILD_1);
    uint64_t start = k.now;

    m->stalls_back = true;
    assert_error(unload("lp_a"), -ETIME, EXIT_STATUS_TIMEOUT,
                 "lp_a: disabling it has not finished after 60 s");
    assert_non_null(strstr(e.hint, "lpctl blocking lp_a"));
    assert_int_equal(k.now - start, 60 * USEC_PER_SEC);
    assert_true(m->registered && !m->enabled && m->transition);
}

static void test_modules_disabled(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    assert_int_equal(unload("lp_a"), 1);
    assert_false(fake_kernel_module(&k, "lp_a")->registered);
    assert_true(fake_kernel_module(&k, "lp_a")->loaded);

    /* A second call has nothing to do. */
    assert_int_equal(unload("lp_a"), 0);
    assert_int_equal(k.n_delete, 0);
}

static void test_held_for_ever(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "lp_a", BUILD_1);
    uint64_t start = k.now;

    m->forced = true;
    assert_error(unload("lp_a"), -EWOULDBLOCK, EXIT_STATUS_FAILED, "of a forced patch for ever");
    assert_false(m->registered);
    /* A reference that the kernel does not drop at once is never dropped. */
    assert_uint_in_range(k.now - start, 5 * USEC_PER_SEC, 10 * USEC_PER_SEC);
}

static void test_privilege(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    k.unprivileged = true;
    assert_error(unload("lp_a"), -EACCES, EXIT_STATUS_PRIVILEGE, "only root");
    assert_in("lp_a", BUILD_1);

    k.unprivileged = false;
    k.delete_error = -EPERM;
    assert_error(unload("lp_a"), -EPERM, EXIT_STATUS_PRIVILEGE, "only root may remove");
}

static void test_write_errors(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    k.write_error = -EROFS;
    assert_error(unload("lp_a"), -EROFS, EXIT_STATUS_FAILED, "read-only");
    k.write_error = -EIO;
    assert_error(unload("lp_a"), -EIO, EXIT_STATUS_FAILED, "failed: Input/output error");
    k.write_error = -EOPNOTSUPP;
    k.host.live = false;
    assert_error(unload("lp_a"), -EOPNOTSUPP, EXIT_STATUS_FAILED, "not the running machine");

    /* A kernel that always returns EBUSY, although no other patch is in transition. */
    k.write_error = -EBUSY;
    assert_error(unload("lp_a"), -ETIME, EXIT_STATUS_TIMEOUT, "the kernel refuses to disable it");
}

static void test_remove_errors(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    k.delete_error = -EBUSY;
    assert_error(unload("lp_a"), -EBUSY, EXIT_STATUS_FAILED, "removing its module failed: Device");
}

static void test_ordinary_module_is_spared(void **state _unused_) {
    fake_kernel_module(&k, "nf_tables")->plain = true;
    fake_kernel_patch(&k, "nf_tables", BUILD_1);
    assert_error(unload("nf_tables"), -EINVAL, EXIT_STATUS_REFUSED, "is not a live patch");
    assert_int_equal(k.n_delete, 0);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_unload),
        TEST(test_turns_its_transition_back),
        TEST(test_joins_a_disabling),
        TEST(test_disabled_or_replaced),
        TEST(test_sealed),
        TEST(test_read_only),
        TEST(test_waits_for_another),
        TEST(test_another_stalls),
        TEST(test_stalls),
        TEST(test_modules_disabled),
        TEST(test_held_for_ever),
        TEST(test_privilege),
        TEST(test_write_errors),
        TEST(test_remove_errors),
        TEST(test_ordinary_module_is_spared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
