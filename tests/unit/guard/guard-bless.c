/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/realtime.h"
#include "execute-test.h"
#include "guard/bless.h"
#include "system/journal.h"

/* When a build is confirmed, and what is written then. */

void __wrap_journal_send(enum journal_event event, const struct result *about, const char *kernel, const char *fmt,
                         ...) _printf_(4, 5);

static char *told;
static uint64_t start;

void __wrap_journal_send(enum journal_event event, const struct result *about, const char *kernel _unused_,
                         const char *fmt _unused_, ...) {
    _cleanup_free_ char *before = TAKE_PTR(told);

    assert_true(asprintf(&told, "%s%s %s\n", strempty(before), journal_event_name(event), about->name) > 0);
}

static int begin(void **state) {
    (void) setup(state);
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n[Guard]\nConfirmSec=60\n");
    fake_kernel_text(&k, "/dev/kmsg", "6,0,0,-;Linux version 6.1\n");
    start = k.now;
    return 0;
}

static int end(void **state) {
    free(TAKE_PTR(told));
    return teardown(state);
}

#define BLESS_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

/* A load whose end lpd.service has seen. */
static void load_patch(const char *name) {
    patch(name, "");
    assert_int_equal(load(name), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    execute_completed(&k.host, &result);
    assert_int_equal(result_write(&k.host, &result), 0);
}

static void read_build(const char *name, struct ledger_build *ret) {
    _cleanup_(result_done) struct result r = {};
    int n;

    assert_int_equal(result_read(&k.host, name, &r), 0);
    n = ledger_read(&k.host, FAKE_RELEASE, r.sha256, ret);
    assert_true(n == 0 || n == -ENOENT);
}

static void assert_is(const char *name, const char *expected) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    char found[64];

    read_build(name, &b);
    (void) snprintf(found, sizeof(found), "%s%s%s", b.name ? ledger_state_name(b.state) : "nothing", b.stage ? " " : "",
                    strempty(b.stage));
    assert_string_equal(found, expected);
}

static void know(const char *name, enum ledger_state state, const char *stage, const char *boot) {
    _cleanup_(result_done) struct result r = {};
    struct ledger_build b = { .kernel = (char *) FAKE_RELEASE, .name = (char *) name, .state = state,
                              .stage = (char *) stage, .since_usec = realtime_usec() };

    assert_int_equal(result_read(&k.host, name, &r), 0);
    b.sha256 = r.sha256;
    if (boot)
        b.attempts[b.n_attempts++] = (struct ledger_attempt){ (char *) boot, (char *) "system", 1 };
    assert_int_equal(ledger_write(&k.host, &b), 0);
}

static void oops(const char *module, uint64_t usec) {
    _cleanup_free_ char *text = NULL;

    assert_true(asprintf(&text, "4,1,%llu,-;divide error: 0000 [#1] PREEMPT SMP\n4,1,%llu,-;RIP: 0010:f+0x14/0x30 [%s]\n",
                         (unsigned long long) usec, (unsigned long long) usec, module) > 0);
    fake_kernel_text(&k, "/dev/kmsg", text);
}

static int bless(void) {
    error_done(&e);
    e = ERROR_NULL;
    free(TAKE_PTR(told));
    return bless_run(&k.host, &e);
}

/* Each thing alone that keeps a patch from being confirmed. */
static void test_check(void **state _unused_) {
    const struct result good = { .name = (char *) "a", .state = (char *) "active", .sha256 = (char *) "aa",
                                 .stage = (char *) "system", .loaded = true, .complete = true,
                                 .monotonic_usec = 100 };
    const struct livepatch in = { .registered = true, .enabled = true };
    const struct bless_times t = { .now_usec = 160, .boot_usec = 50, .confirm_usec = 60 };
    struct bless_times other = t;
    struct livepatch p = in;
    struct result r = good;
    uint64_t due = 0;

    assert_int_equal(bless_check(&good, &in, &t, &due), BLESS_NOW);
    other.boot_usec = 101;
    assert_int_equal(bless_check(&good, &in, &other, &due), BLESS_LATER);
    assert_true(due == 161);
    other = t;
    other.now_usec = 159;
    assert_int_equal(bless_check(&good, &in, &other, &due), BLESS_LATER);
    assert_true(due == 160);
    other.confirm_usec = USEC_INFINITY;
    assert_int_equal(bless_check(&good, &in, &other, &due), BLESS_NO);
    assert_int_equal(bless_check(&good, NULL, &t, &due), BLESS_NO);
    r.loaded = false;
    assert_int_equal(bless_check(&r, &in, &t, &due), BLESS_NO);
    r = good;
    r.complete = false;
    assert_int_equal(bless_check(&r, &in, &t, &due), BLESS_NO);
    r = good;
    r.state = (char *) "failed";
    assert_int_equal(bless_check(&r, &in, &t, &due), BLESS_NO);
    r = good;
    r.sha256 = NULL;
    assert_int_equal(bless_check(&r, &in, &t, &due), BLESS_NO);
    p.enabled = false;
    assert_int_equal(bless_check(&good, &p, &t, &due), BLESS_NO);
    p = in;
    p.transition = true;
    assert_int_equal(bless_check(&good, &p, &t, &due), BLESS_NO);
    p = in;
    p.registered = false;
    assert_int_equal(bless_check(&good, &p, &t, &due), BLESS_NO);
}

/* After ConfirmSec=, with what was loaded before this version too, and never again. */
static void test_confirmed(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    assert_int_equal(bless(), 0);
    assert_int_equal(k.n_sleep, 0);
    load_patch("fix-a");
    load_patch("fix-b");
    know("fix-b", LEDGER_TRIAL, NULL, "boot1");
    start = k.now;
    assert_int_equal(bless(), 2);
    assert_true(k.now >= start + 50 * USEC_PER_SEC && k.now <= start + 60 * USEC_PER_SEC);
    assert_is("fix-a", "confirmed system");
    assert_is("fix-b", "confirmed system");
    assert_string_equal(told, "confirmed fix-a\nconfirmed fix-b\n");
    read_build("fix-b", &b);
    assert_int_equal(b.n_attempts, 0);
    assert_string_equal(b.module_name, "fix_b");
    assert_string_equal(b.build_id, BUILD_1);
    assert_true(b.since_usec + 60 * USEC_PER_SEC > realtime_usec());
    start = k.now;
    assert_int_equal(bless(), 0);
    assert_true(k.now == start);
    assert_null(told);
}

/* What is not in as it should be: no wait either. */
static void test_not_confirmed(void **state _unused_) {
    fake_kernel_module(&k, "fix_a")->stalls = true;
    patch("fix-a", "");
    assert_int_equal(load("fix-a"), 1);
    fake_kernel_advance(&k, 1000 * USEC_PER_SEC);
    assert_int_equal(bless(), 0);
    fake_kernel_module(&k, "fix_a")->stalls = false;
    assert_is("fix-a", "trial");
    /* A probe that has not succeeded: the transition is over, the load is not complete. */
    fake_kernel_module(&k, "fix_a")->transition = false;
    assert_int_equal(bless(), 0);
    assert_is("fix-a", "trial");
}

static void test_disabled(void **state _unused_) {
    load_patch("fix-a");
    fake_kernel_advance(&k, 1000 * USEC_PER_SEC);
    assert_int_equal(livepatch_write(&k.host, "fix_a", "enabled", "0"), 0);
    assert_int_equal(bless(), 0);
    assert_is("fix-a", "trial");
}

static void test_quarantined(void **state _unused_) {
    load_patch("fix-a");
    know("fix-a", LEDGER_QUARANTINED, NULL, "boot1");
    fake_kernel_advance(&k, 1000 * USEC_PER_SEC);
    assert_int_equal(bless(), 0);
    assert_int_equal(k.n_sleep, 0);
    assert_is("fix-a", "quarantined");
}

/* A fault since the load; an earlier one is another build's. */
static void test_fault(void **state _unused_) {
    load_patch("fix-a");
    load_patch("fix-b");
    oops("fix_a", k.now);
    fake_kernel_advance(&k, 1000 * USEC_PER_SEC);
    assert_int_equal(bless(), 1);
    assert_is("fix-a", "trial");
    assert_is("fix-b", "confirmed system");
    oops("fix_a", 1);
    assert_int_equal(bless(), 1);
    assert_is("fix-a", "confirmed system");
}

static void test_no_log(void **state _unused_) {
    load_patch("fix-a");
    fake_kernel_remove(&k, "/dev/kmsg");
    assert_int_equal(bless(), -ENOENT);
    assert_non_null(strstr(e.message, "the kernel's log cannot be read"));
    assert_is("fix-a", "trial");
}

static void set_stage(const char *name, const char *stage) {
    _cleanup_(result_done) struct result r = {};

    assert_int_equal(result_read(&k.host, name, &r), 0);
    assert_int_equal(string_set(&r.stage, stage), 0);
    assert_int_equal(result_write(&k.host, &r), 0);
}

static void test_stages(void **state _unused_) {
    load_patch("fix-a");
    know("fix-a", LEDGER_CONFIRMED, "initrd", NULL);
    assert_int_equal(bless(), 0);
    know("fix-a", LEDGER_CONFIRMED, "system", NULL);
    set_stage("fix-a", "initrd");
    assert_int_equal(bless(), 1);
    assert_is("fix-a", "confirmed initrd");
    set_stage("fix-a", "system");
    assert_int_equal(bless(), 0);
    assert_is("fix-a", "confirmed initrd");
}

/* Another build of the module was confirmed last: the ledger has to tell which one is loaded. */
static void test_rival(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    struct ledger_build other = { .kernel = (char *) FAKE_RELEASE, .name = (char *) "fix-a",
                                  .module_name = (char *) "fix_a", .state = LEDGER_CONFIRMED,
                                  .stage = (char *) "system",
                                  .sha256 = (char *) "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

    load_patch("fix-a");
    know("fix-a", LEDGER_CONFIRMED, "initrd", NULL);
    other.since_usec = realtime_usec();
    assert_int_equal(ledger_write(&k.host, &other), 0);
    assert_int_equal(bless(), 0);
    assert_null(told);
    read_build("fix-a", &b);
    assert_true(b.since_usec > other.since_usec);
    assert_string_equal(b.stage, "initrd");
    assert_int_equal(bless(), 0);
}

/* pstore shows the log of an earlier boot only now, as its module was loaded late. */
static void test_late_evidence(void **state _unused_) {
    static const char dump[] = "Panic#1 Part1\n"
                               "<4>[    8.100014] divide error: 0000 [#1] PREEMPT SMP\n"
                               "<4>[    8.100078] CPU: 0 PID: 4 Comm: cat Tainted: G  K   " FAKE_RELEASE " #1  Debian\n"
                               "<4>[    8.100079] RIP: 0010:f+0x14/0x30 [fix_a]\n";
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    load_patch("fix-a");
    load_patch("fix-b");
    read_build("fix-a", &b);
    b.attempts[b.n_attempts++] = (struct ledger_attempt){ strdup("boot1"), strdup("system"), 1 };
    assert_int_equal(ledger_write(&k.host, &b), 0);
    fake_kernel_text(&k, "/sys/fs/pstore/dmesg-ramoops-0", dump);
    assert_int_equal(bless(), 1);
    assert_is("fix-a", "quarantined");
    assert_is("fix-b", "confirmed system");
    assert_string_equal(told, "quarantined fix-a\nconfirmed fix-b\n");
    assert_true(file_exists(&k.host, "/run/motd.d/lpd"));
}

static void test_never(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n[Guard]\nConfirmSec=infinity\n");
    load_patch("fix-a");
    assert_int_equal(bless(), 0);
    assert_int_equal(k.n_sleep, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BLESS_TEST(test_check), BLESS_TEST(test_confirmed), BLESS_TEST(test_not_confirmed), BLESS_TEST(test_disabled),
        BLESS_TEST(test_quarantined), BLESS_TEST(test_fault), BLESS_TEST(test_no_log), BLESS_TEST(test_stages),
        BLESS_TEST(test_rival), BLESS_TEST(test_late_evidence), BLESS_TEST(test_never),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
