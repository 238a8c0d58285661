/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livepatch-test.h"
#include "livepatch/transition.h"
#include "livepatch/wait.h"

static struct fake_module *start(const char *name) {
    enum load_result result;

    assert_int_equal(load(name, BUILD_1, &result), 0);
    return fake_kernel_module(&k, name);
}

static int finish(const char *name, enum on_stall on_stall) {
    error_done(&e);
    return transition_finish(&k.host, name, 60 * USEC_PER_SEC, on_stall, &e);
}

static void test_pace(void **state _unused_) {
    uint64_t elapsed = 0;
    unsigned polls = 0;

    assert_int_equal(wait_pace(0), 2 * USEC_PER_MSEC);
    assert_int_equal(wait_pace(40 * USEC_PER_MSEC), 10 * USEC_PER_MSEC);
    /* The usual end of a transition is noticed within 20 ms. */
    assert_int_equal(wait_pace(2 * USEC_PER_SEC), 20 * USEC_PER_MSEC);
    assert_int_equal(wait_pace(USEC_INFINITY), 250 * USEC_PER_MSEC);
    /* A second of waiting takes some dozens of polls, and the end is noticed soon. */
    for (; elapsed < USEC_PER_SEC; polls++)
        elapsed += wait_pace(elapsed);
    assert_uint_in_range(polls, 40, 80);
}

static void test_deadline(void **state _unused_) {
    assert_true(wait_deadline(&k.host, USEC_INFINITY) == USEC_INFINITY);
    assert_true(wait_deadline(&k.host, USEC_INFINITY - 1) == USEC_INFINITY);
    assert_int_equal(wait_deadline(&k.host, 7), k.now + 7);
    assert_int_equal(wait_remaining(&k.host, k.now + 7), 7);
    assert_int_equal(wait_remaining(&k.host, k.now - 7), 0);
    assert_true(wait_remaining(&k.host, USEC_INFINITY) == USEC_INFINITY);
}

static void test_wait(void **state _unused_) {
    uint64_t begin = k.now;

    assert_int_equal(transition_wait(&k.host, "lp_a", USEC_INFINITY), -ENOENT);
    start("lp_a");
    assert_int_equal(transition_wait(&k.host, "lp-a", 0), -ETIME);
    assert_int_equal(transition_wait(&k.host, "lp-a", 500 * USEC_PER_MSEC), -ETIME);
    assert_int_equal(k.now - begin, 500 * USEC_PER_MSEC);
    assert_int_equal(transition_wait(&k.host, "lp-a", USEC_INFINITY), 0);
    assert_uint_in_range(k.now - begin, USEC_PER_SEC, USEC_PER_SEC + 250 * USEC_PER_MSEC);
    assert_uint_in_range(k.n_sleep, 40, 80);
    assert_int_equal(transition_wait(&k.host, "lp-a", 0), 0);

    start_disabling("lp_a");
    assert_int_equal(transition_wait(&k.host, "lp-a", USEC_INFINITY), -ENOENT);
}

static void test_kernel_without_transitions(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_remove(&k, "/sys/kernel/livepatch/lp_a/transition");
    assert_int_equal(transition_wait(&k.host, "lp_a", 0), 0);

    /* Neither attribute exists: it is being removed, and has not ended yet. */
    fake_kernel_remove(&k, "/sys/kernel/livepatch/lp_a/enabled");
    assert_int_equal(transition_wait(&k.host, "lp_a", USEC_PER_SEC), -ETIME);
}

static void test_find(void **state _unused_) {
    _cleanup_free_ char *name = NULL;

    assert_int_equal(transition_find(&k.host, &name), 0);
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    start("lp_b");
    assert_int_equal(transition_find(&k.host, &name), 1);
    assert_string_equal(name, "lp_b");
    fake_kernel_remove(&k, "/sys/kernel/livepatch");
    free(name);
    name = NULL;
    assert_int_equal(transition_find(&k.host, &name), 0);
    assert_null(name);
}

static void test_reverse(void **state _unused_) {
    struct fake_module *m = start("lp_a");

    assert_int_equal(transition_reverse(&k.host, "lp-a", &e), 0);
    assert_true(m->transition && !m->enabled);
    assert_int_equal(transition_reverse(&k.host, "lp-a", &e), 0);
    assert_true(m->transition && m->enabled);

    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_error(transition_reverse(&k.host, "lp-a", &e), -EINVAL, EXIT_STATUS_FAILED,
                 "no transition is running");
    assert_true(m->enabled);
    assert_error(transition_reverse(&k.host, "lp-b", &e), -ENOENT, EXIT_STATUS_NO_PATCH,
                 "lp-b: the kernel has no such live patch");
}

static void test_force(void **state _unused_) {
    struct fake_module *m;

    fake_kernel_module(&k, "lp_a")->stalls = true;
    m = start("lp_a");
    assert_int_equal(transition_force(&k.host, "lp-a", &e), 1);
    fake_kernel_advance(&k, 1);
    assert_true(m->enabled && !m->transition);

    assert_int_equal(transition_force(&k.host, "lp-a", &e), 0);
    assert_error(transition_force(&k.host, "lp-b", &e), -ENOENT, EXIT_STATUS_NO_PATCH, "no such");
    k.unprivileged = true;
    assert_error(transition_force(&k.host, "lp-a", &e), -EACCES, EXIT_STATUS_PRIVILEGE,
                 "only root");
}

static void test_finishes(void **state _unused_) {
    start("lp_a");
    assert_int_equal(finish("lp_a", ON_STALL_WAIT), 0);
    assert_null(e.message);
    assert_in("lp_a", BUILD_1);

    start_disabling("lp_a");
    assert_error(finish("lp_a", ON_STALL_WAIT), -ENOENT, EXIT_STATUS_NO_PATCH, "the patch is gone");

    /* It was reverted, and its directory still exists. */
    start("lp_b");
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_b/enabled", "0\n");
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_b/transition", "0\n");
    assert_error(finish("lp_b", ON_STALL_WAIT), -ENOENT, EXIT_STATUS_NO_PATCH, "the patch is gone");
}

static void add_task(const char *pid, const char *patch_state) {
    char path[64];

    snprintf(path, sizeof(path), "/proc/%s/task/%s/patch_state", pid, pid);
    fake_kernel_text(&k, path, patch_state);
    snprintf(path, sizeof(path), "/proc/%s/task/%s/comm", pid, pid);
    fake_kernel_text(&k, path, "sleeper\n");
    snprintf(path, sizeof(path), "/proc/%s/task/%s/cmdline", pid, pid);
    fake_kernel_text(&k, path, "");
}

static void test_stall_wait(void **state _unused_) {
    fake_kernel_module(&k, "lp_a")->stalls = true;
    start("lp_a");
    add_task("17", "0\n");
    assert_error(finish("lp_a", ON_STALL_WAIT), -ETIME, EXIT_STATUS_TIMEOUT,
                 "lp_a: the transition has not finished after 60 s; 1 task blocks it");
    assert_non_null(strstr(e.hint, "see what blocks it: lpctl blocking lp_a"));
    add_task("18", "0\n");
    add_task("19", "1\n");
    assert_error(finish("lp_a", ON_STALL_WAIT), -ETIME, EXIT_STATUS_TIMEOUT, "2 tasks block it");
    assert_int_equal(transition_finish(&k.host, "lp_a", 0, ON_STALL_WAIT, &e), -ETIME);
    assert_non_null(strstr(e.message, "the transition has not finished in time; 2 tasks"));
    /* It is left alone: the kernel keeps trying. */
    assert_true(fake_kernel_module(&k, "lp_a")->transition);
    assert_true(fake_kernel_module(&k, "lp_a")->enabled);
}

static void test_stall_revert(void **state _unused_) {
    fake_kernel_module(&k, "lp_a")->stalls = true;
    start("lp_a");
    assert_error(finish("lp_a", ON_STALL_REVERT), -ETIME, EXIT_STATUS_TIMEOUT,
                 "has not finished after 60 s; the patch was reverted");
    assert_absent("lp_a");
}

static void test_stall_revert_stalls(void **state _unused_) {
    struct fake_module *m = fake_kernel_module(&k, "lp_a");

    m->stalls = m->stalls_back = true;
    start("lp_a");
    assert_error(finish("lp_a", ON_STALL_REVERT), -ETIME, EXIT_STATUS_TIMEOUT,
                 "; reverting it failed: lp_a: disabling it has not finished after 30 s");
    assert_non_null(strstr(e.hint, "lpctl blocking"));
    assert_true(m->registered && !m->enabled);
}

static void test_stall_force(void **state _unused_) {
    struct fake_module *m = fake_kernel_module(&k, "lp_a");

    m->stalls = true;
    start("lp_a");
    assert_error(finish("lp_a", ON_STALL_FORCE), 0, EXIT_STATUS_DONE,
                 "has not finished after 60 s; it was forced");
    assert_true(m->enabled && !m->transition);
}

static void test_stall_force_refused(void **state _unused_) {
    fake_kernel_module(&k, "lp_a")->stalls = true;
    start("lp_a");
    k.unprivileged = true;
    assert_error(finish("lp_a", ON_STALL_FORCE), -EACCES, EXIT_STATUS_PRIVILEGE,
                 "forcing it failed: lp_a: only root");
}

static uint64_t now_and_end_after_60s(struct host *h _unused_) {
    struct fake_module *m = fake_kernel_module(&k, "lp_a");

    if (m->transition && k.now == 3660 * USEC_PER_SEC) {
        m->ends_at = 0;
        fake_kernel_advance(&k, 0);
    }
    return k.now;
}

/* The transition ends after the last poll. */
static void test_late_end(void **state _unused_) {
    struct kernel_ops ops = *k.host.ops;

    k.now = 3600 * USEC_PER_SEC;
    ops.now = now_and_end_after_60s;
    k.host.ops = &ops;
    fake_kernel_module(&k, "lp_a")->stalls = true;
    start("lp_a");
    assert_int_equal(finish("lp_a", ON_STALL_REVERT), 0);
    assert_int_equal(k.now, 3660 * USEC_PER_SEC);
    assert_null(e.message);
    assert_in("lp_a", BUILD_1);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_pace),
        TEST(test_deadline),
        TEST(test_wait),
        TEST(test_kernel_without_transitions),
        TEST(test_find),
        TEST(test_reverse),
        TEST(test_force),
        TEST(test_finishes),
        TEST(test_stall_wait),
        TEST(test_stall_revert),
        TEST(test_stall_revert_stalls),
        TEST(test_stall_force),
        TEST(test_stall_force_refused),
        TEST(test_late_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
