/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lock/may-lock.h"
#include "plan-test.h"

/* Whether the machine may be locked: each question, and which one decides if several refuse. */

static struct error e;

static int decide(void) {
    make_plan();
    error_done(&e);
    e = ERROR_NULL;
    return lock_decide(&s, &plan, &e);
}

static void assert_refused(int error, enum exit_status exit_status, const char *part) {
    int r = decide();

    assert_int_equal(e.exit_status, exit_status);
    assert_error_has(r, error, &e, part);
}

/* As lpd records it after a successful load. */
static struct result *is_in(const char *name) {
    struct result *r = record(name, "");

    put_in(name, NULL);
    r->complete = true;
    r->action = strdup("load");
    return r;
}

static void test_allowed(void **state _unused_) {
    assert_int_equal(decide(), 1);
    assert_null(e.message);
    patch("a", "Required=yes\n");
    patch("b", "");
    is_in("a");
    manifest_list_done(&s.manifests);
    free(s.patch_infos);
    s.patch_infos = NULL;
    assert_int_equal(decide(), 1);
}

static void test_done(void **state _unused_) {
    patch("a", "Required=yes\n");
    s.facts.modules_disabled = 1;
    s.switches.lock_disabled = true;
    s.facts.kexec_disabled = 0;
    assert_int_equal(decide(), 0);

    /* Kexec=yes: half of the lock is missing, and is treated like the whole. */
    s.policy.lock_kexec = true;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "lpd.lock=0");
    s.facts.kexec_disabled = 1;
    assert_int_equal(decide(), 0);
    s.facts.kexec_disabled = -1;
    assert_int_equal(decide(), 0);

    s.policy.lock_seal = true;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "lpd.lock=0");
    s.facts.sealed = true;
    assert_int_equal(decide(), 0);
}

static void test_no_switch(void **state _unused_) {
    s.facts.modules_disabled = -1;
    assert_refused(-EOPNOTSUPP, EXIT_STATUS_KERNEL, "kernel.modules_disabled");
}

static void test_policy(void **state _unused_) {
    s.policy_error = error_set(&s.policy_problem, -EBADMSG, EXIT_STATUS_CONFIG, "lpd.conf:3: bad");
    assert_refused(-EBADMSG, EXIT_STATUS_CONFIG, "the policy has an error: lpd.conf:3: bad");
}

static void test_switches(void **state _unused_) {
    s.switches.crash_kernel = true;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "this is a crash kernel");
    s.switches.crash_kernel = false;
    s.disable_file = true;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "/etc/lpd/disable");
    s.switches.lock_disabled = true;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "lpd.lock=0");
    s.switches.disabled = true;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "lpd=0 is on the kernel command line");
    s.switches.crash_kernel = true;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "this is a crash kernel");
    s.disable_file = s.switches.lock_disabled = s.switches.disabled = false;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "this is a crash kernel");
}

static void test_required(void **state _unused_) {
    patch("a-1", "Required=yes\n");
    patch("b", "");
    patch("off", "Required=yes\nEnabled=no\n");
    patch("z", "Required=yes\n");
    is_in("a_1");
    assert_refused(-ENODATA, EXIT_STATUS_REQUIRED, "not loaded: z;");
    is_in("z")->complete = false;
    assert_int_equal(decide(), 1);
    s.loaded.patches[0].enabled = false;
    assert_refused(-ENODATA, EXIT_STATUS_REQUIRED, "not loaded: a-1;");
    s.policy.lock_require = LOCK_REQUIRE_NONE;
    assert_int_equal(decide(), 1);
}

static void test_all(void **state _unused_) {
    s.policy.lock_require = LOCK_REQUIRE_ALL;
    patch("a", "");
    patch("b", "");
    patch("off", "Enabled=no\n");
    patch("other", "[Kernel:5.10]\n");
    manifest("torn", "[Pa");
    assert_refused(-ENODATA, EXIT_STATUS_REQUIRED, "not loaded: a, b, torn;");
    is_in("a");
    is_in("b");
    assert_refused(-ENODATA, EXIT_STATUS_REQUIRED, "not loaded: torn;");
    /* The same by default: an unreadable manifest may be that of a required patch. */
    s.policy.lock_require = LOCK_REQUIRE_REQUIRED;
    assert_refused(-ENODATA, EXIT_STATUS_REQUIRED, "not loaded: torn;");
    s.policy.lock_require = LOCK_REQUIRE_NONE;
    assert_int_equal(decide(), 1);
}

static void test_replaced(void **state _unused_) {
    patch("old", "Required=yes\n");
    is_in("old");
    is_in("new");
    assert_int_equal(strv_extend(&s.results.results[1].replaces, "old"), 0);
    s.loaded.patches[0].registered = s.loaded.patches[0].enabled = false;
    assert_int_equal(decide(), 1);
}

static void test_transition(void **state _unused_) {
    patch("a", "Required=yes\n");
    is_in("a");
    s.loaded.patches[0].transition = true;
    assert_refused(-EAGAIN, EXIT_STATUS_TIMEOUT, "a: its transition runs");

    /* Waiting is useless for a lock that will be refused. */
    s.switches.lock_disabled = true;
    assert_refused(-ECANCELED, EXIT_STATUS_FAILED, "lpd.lock=0");
    s.switches.lock_disabled = false;
    s.loaded.patches[0].enabled = false;
    assert_refused(-ENODATA, EXIT_STATUS_REQUIRED, "not loaded: a;");
}

/* It ran out of time behind another transition, and lpd.service will try again. */
static void test_awaited(void **state _unused_) {
    struct result *r;

    patch("a", "");
    patch("b", "Required=yes\n");
    is_in("a");
    r = record("b", "");
    r->action = strdup("wait");
    r->loaded = false;
    assert_refused(-EAGAIN, EXIT_STATUS_TIMEOUT, "b: it waits for another transition");
    s.loaded.patches[0].transition = true;
    assert_refused(-EAGAIN, EXIT_STATUS_TIMEOUT, "a: its transition runs");
    s.loaded.patches[0].transition = false;
    put_in("b", NULL);
    assert_int_equal(decide(), 1);
}

static void test_probe(void **state _unused_) {
    struct result *r;

    patch("a", "Probe=/bin/true\n");
    r = is_in("a");
    r->complete = false;
    assert_refused(-EAGAIN, EXIT_STATUS_TIMEOUT, "a: its probe has not run yet");
    r->complete = true;
    assert_int_equal(decide(), 1);

    /* An unknown state counts as no. */
    r->complete = r->loaded = false;
    assert_refused(-EAGAIN, EXIT_STATUS_TIMEOUT, "a: its probe has not run yet");
    s.results.n_results--;
    assert_refused(-EAGAIN, EXIT_STATUS_TIMEOUT, "a: its probe has not run yet");
    /* For a required patch, waiting does not make it known. */
    s.manifests.entries[0].manifest.required = true;
    assert_refused(-ENODATA, EXIT_STATUS_REQUIRED, "it is unknown whether its probe has run");
    s.policy.lock_require = LOCK_REQUIRE_NONE;
    assert_refused(-EAGAIN, EXIT_STATUS_TIMEOUT, "a: its probe has not run yet");
    s.policy.lock_require = LOCK_REQUIRE_REQUIRED;
    s.results.n_results++;
    assert_refused(-ENODATA, EXIT_STATUS_REQUIRED, "it is unknown whether its probe has run");
    r->loaded = true;
    assert_refused(-EAGAIN, EXIT_STATUS_TIMEOUT, "a: its probe has not run yet");

    /* Nor is there a probe to run when the patch is disabled. */
    s.loaded.patches[0].enabled = false;
    s.manifests.entries[0].manifest.required = false;
    assert_int_equal(decide(), 1);
    s.loaded.patches[0].enabled = true;
    s.loaded.patches[0].registered = false;
    assert_int_equal(decide(), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_allowed), TEST(test_done),       TEST(test_no_switch), TEST(test_policy),
        TEST(test_switches), TEST(test_required),  TEST(test_all),       TEST(test_replaced),
        TEST(test_transition), TEST(test_awaited), TEST(test_probe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
