/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execute-test.h"
#include "guard/notice.h"
#include "load/attempt.h"
#include "plan/plan.h"
#include "state/ledger.h"
#include "store/store.h"
#include "system/manager.h"

/* What a load writes into the ledger, and what it takes from there. */

static bool running, stopping, soft_reboot;
static uint64_t boot_end;

bool __wrap_manager_is_running(const struct host *h);
int __wrap_manager_connect(struct manager **ret, struct error *e_);
int __wrap_manager_boot_end(struct manager *m, uint64_t *ret);
int __wrap_manager_active_state(struct manager *m, const char *unit, char **ret);

bool __wrap_manager_is_running(const struct host *h _unused_) {
    return running;
}

int __wrap_manager_connect(struct manager **ret, struct error *e_ _unused_) {
    *ret = NULL;
    return 0;
}

int __wrap_manager_boot_end(struct manager *m _unused_, uint64_t *ret) {
    *ret = boot_end;
    return 0;
}

int __wrap_manager_active_state(struct manager *m _unused_, const char *unit _unused_, char **ret) {
    *ret = strdup("active");
    return 0;
}

bool __wrap_manager_is_stopping(struct manager *m);
int __wrap_manager_has_job(struct manager *m, const char *unit);

bool __wrap_manager_is_stopping(struct manager *m _unused_) {
    return stopping;
}

int __wrap_manager_has_job(struct manager *m _unused_, const char *unit) {
    assert_string_equal(unit, "soft-reboot.target");
    return soft_reboot;
}

/* The one build: the modules of the patches have the same bytes but for their names. */
static char sha256[65];

static void learn_digest(const char *path) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;

    assert_int_equal(module_file_open(&k.host, path, &f, NULL), 0);
    module_file_sha256(&f);
    memcpy(sha256, f.sha256, sizeof(sha256));
}

static int prepare(void **state) {
    setup(state);
    running = stopping = soft_reboot = false;
    boot_end = 0;
    (void) unsetenv("INVOCATION_ID");
    patch("fix-a", "");
    learn_digest(MODULES "fix-a.ko");
    return 0;
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, prepare, teardown)

/* "STATE STAGE:BOOT…" of the build. */
static char *known(void) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    char *text;
    int r = ledger_read(&k.host, FAKE_RELEASE, sha256, &b);

    if (r < 0)
        return strdup(r == -ENOENT ? "nothing" : strerror(-r));
    text = strdup(ledger_state_name(b.state));
    for (size_t i = 0; i < b.n_attempts; i++) {
        char *longer;

        assert_true(asprintf(&longer, "%s %s:%s", text, b.attempts[i].stage, b.attempts[i].boot_id) > 0);
        free(text);
        text = longer;
    }
    return text;
}

#define assert_known(expected)                                                                     \
    do {                                                                                           \
        _cleanup_free_ char *_known = known();                                                     \
        assert_string_equal(_known, expected);                                                     \
    } while (0)

static void write_record(const char *text) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, LEDGER_DIRECTORY "/" FAKE_RELEASE "/%s.json", sha256) > 0);
    fake_kernel_text(&k, path, text);
}

#define ATTEMPT(boot) "{\"boot\":\"" boot "\",\"stage\":\"system\",\"time\":1}"
#define RECORD(state, more, attempts)                                                              \
    "{\"name\":\"fix-a\",\"state\":\"" state "\"," more "\"since\":1,\"attempts\":[" attempts "]}"

static char *before_the_kernel;

static void look(struct fake_kernel *kernel _unused_) {
    free(before_the_kernel);
    before_the_kernel = known();
}

static void test_attempt_is_written_first(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    k.on_finit = look;
    assert_int_equal(load("fix-a"), 1);
    assert_string_equal(before_the_kernel, "trial system:this-boot");
    free(before_the_kernel);
    before_the_kernel = NULL;
    assert_known("trial system:this-boot");
    assert_null(result.unguarded);
    assert_int_equal(ledger_read(&k.host, FAKE_RELEASE, sha256, &b), 0);
    assert_string_equal(b.name, "fix-a");
    assert_string_equal(b.module_name, "fix_a");
    assert_string_equal(b.build_id, BUILD_1);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_int_equal(unload("fix-a"), 1);
    assert_known("nothing");
}

static void test_a_file_of_its_own(void **state _unused_) {
    assert_int_equal(load_path(MODULES "fix-a.ko", NULL), 1);
    assert_known("trial system:this-boot");
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_int_equal(unload("fix-a"), 1);
    assert_known("nothing");
}

static void test_refusal_is_no_attempt(void **state _unused_) {
    static const int errors[] = { -ENOEXEC, -EINVAL, -ENOMEM, -EBUSY, -EPERM, -EKEYREJECTED, -EIO };

    for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
        fake_kernel_module(&k, "fix_a")->error = errors[i];
        assert_true(load("fix-a") < 0);
        assert_known("nothing");
    }
    assert_true(k.n_finit >= ELEMENTSOF(errors));
}

static void test_earlier_crash_stays(void **state _unused_) {
    write_record(RECORD("trial", "", ATTEMPT("one")));
    fake_kernel_module(&k, "fix_a")->error = -EINVAL;
    assert_true(load("fix-a") < 0);
    assert_known("trial system:one");
    fake_kernel_module(&k, "fix_a")->error = 0;
    assert_int_equal(load("fix-a"), 1);
    assert_known("trial system:one system:this-boot");
}

static void test_confirmed_writes_nothing(void **state _unused_) {
    static const char record[] = RECORD("confirmed", "\"stage\":\"system\",", "");
    _cleanup_free_ char *path = NULL;

    write_record(record);
    assert_int_equal(load("fix-a"), 1);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_int_equal(unload("fix-a"), 1);
    assert_true(asprintf(&path, LEDGER_DIRECTORY "/" FAKE_RELEASE "/%s.json", sha256) > 0);
    assert_string_equal(fake_kernel_read(&k, path), record);
}

static void test_quarantined(void **state _unused_) {
    write_record(RECORD("quarantined", "\"reason\":\"the kernel reported a BUG in it\",", ""));
    assert_failed(load("fix-a"), -EOWNERDEAD, EXIT_STATUS_QUARANTINED, "quarantined",
                  "this build is quarantined: the kernel reported a BUG in it");
    assert_string_equal(result.hint, "install another build, or give this one another chance: lpctl clear fix-a");
    assert_result("fix-a", "load", "quarantined");
    assert_true(load_path(MODULES "fix-a.ko", NULL) == -EOWNERDEAD);
    assert_int_equal(k.n_finit, 0);
}

static void test_crashes(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    write_record(RECORD("trial", "", ATTEMPT("one") "," ATTEMPT("two")));
    assert_failed(load("fix-a"), -EOWNERDEAD, EXIT_STATUS_QUARANTINED, "quarantined",
                  "2 boots in a row ended without an orderly shutdown while it was on trial");
    assert_int_equal(k.n_finit, 0);
    assert_known("quarantined system:one system:two");
    assert_int_equal(ledger_read(&k.host, FAKE_RELEASE, sha256, &b), 0);
    assert_string_equal(b.reason, "2 boots in a row ended without an orderly shutdown while it was on trial");
    assert_true(file_exists(&k.host, NOTICE_PATH));
}

static void test_more_attempts(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n[Guard]\nMaxAttempts=3\n");
    write_record(RECORD("trial", "", ATTEMPT("one") "," ATTEMPT("two")));
    assert_int_equal(load("fix-a"), 1);
    assert_known("trial system:one system:two system:this-boot");
}

static void test_invalid_record(void **state _unused_) {
    write_record("{");
    assert_failed(load("fix-a"), -EREMOTEIO, EXIT_STATUS_FAILED, "failed",
                  "the record of this build in the ledger cannot be read: it is not valid");
    assert_int_equal(k.n_finit, 0);
}

/* Nothing is there, and nothing can be created, as on a read-only file system. */
static void make_unwritable(void) {
    assert_int_equal(file_mkdir_p(&k.host, "/var/lib/lpd"), 0);
    assert_int_equal(symlinkat("/nowhere/at/all", k.host.root_fd, &LEDGER_DIRECTORY[1]), 0);
}

static void test_unwritable_by_hand(void **state _unused_) {
    make_unwritable();
    assert_int_equal(load("fix-a"), 1);
    assert_result("fix-a", "load", "active");
    assert_string_equal(result.unguarded, strerror(ENOENT));
    /* A unit that is started later, as lpctl load does. */
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_int_equal(unload("fix-a"), 1);
    running = true;
    boot_end = 1;
    assert_int_equal(setenv("INVOCATION_ID", "x", 1), 0);
    assert_int_equal(load("fix-a"), 1);
    assert_string_equal(result.unguarded, strerror(ENOENT));
    assert_int_equal(load("fix-a"), 0);
    assert_string_equal(result.unguarded, strerror(ENOENT));
}

static void test_unwritable_at_boot(void **state _unused_) {
    make_unwritable();
    running = true;
    assert_int_equal(setenv("INVOCATION_ID", "x", 1), 0);
    assert_failed(load("fix-a"), -EROFS, EXIT_STATUS_FAILED, "failed",
                  "it is on trial, and its attempt cannot be written to /var/lib/lpd/ledger: No such file or directory");
    assert_int_equal(k.n_finit, 0);
    assert_false(is_in("fix_a"));
}

/* lpd.service loads it later in the boot. */
static void test_unwritable_and_late(void **state _unused_) {
    struct result late = { .name = (char *) "fix-a", .action = (char *) "wait", .state = (char *) "skipped" };

    make_unwritable();
    assert_int_equal(result_write(&k.host, &late), 0);
    running = true;
    boot_end = 1;
    assert_int_equal(setenv("INVOCATION_ID", "x", 1), 0);
    assert_int_equal(load("fix-a"), -EROFS);
}

static void test_initramfs_has_none(void **state _unused_) {
    k.host.initrd = true;
    manifest("fix-a", "[Patch]\nStage=initrd\n");
    assert_int_equal(load("fix-a"), -EDQUOT);
    assert_false(is_in("fix_a"));
    assert_known("nothing");
    assert_false(file_exists(&k.host, LEDGER_DIRECTORY));
    /* The host can write it, so it loads the patch. */
    k.host.initrd = false;
    assert_int_equal(load("fix-a"), 1);
    assert_known("trial system:this-boot");
    write_record(RECORD("confirmed", "\"stage\":\"initrd\",", ""));
    assert_int_equal(load("fix-a"), 0);
    assert_known("confirmed");
}

static void test_failed_probe(void **state _unused_) {

    manifest("fix-a", "[Patch]\nProbe=/bin/false\nWaitFor=patched\n");
    assert_true(load("fix-a") < 0);
    assert_false(is_in("fix_a"));
    assert_known("nothing");
}

/* Nothing that happens after a cumulative patch has taken over is the fault of the replaced one. */
static void test_replaced(void **state _unused_) {
    char first[65];

    assert_int_equal(load("fix-a"), 1);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    memcpy(first, sha256, sizeof(first));
    patch("fix-b", "WaitFor=patched\n");
    fake_kernel_module(&k, "fix_b")->replace = true;
    assert_int_equal(load("fix-b"), 1);
    assert_known("nothing");
    learn_digest(MODULES "fix-b.ko");
    assert_known("trial system:this-boot");
}

static void test_end_of_boot(void **state _unused_) {
    assert_int_equal(load("fix-a"), 1);
    assert_int_equal(attempt_end_boot(&k.host, &e), 0);
    assert_known("trial system:this-boot");
    running = true;
    assert_int_equal(attempt_end_boot(&k.host, &e), 0);
    assert_known("trial system:this-boot");
    stopping = soft_reboot = true;
    assert_int_equal(attempt_end_boot(&k.host, &e), 0);
    assert_known("trial system:this-boot");
    soft_reboot = false;
    assert_int_equal(attempt_end_boot(&k.host, &e), 0);
    assert_known("nothing");
}

static void assert_planned(const char *question, const char *fact, enum action_type type) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    const struct action *a;
    const char *found = NULL;

    assert_int_equal(snapshot_take(&k.host, SNAPSHOT_MODULES, &s, &e), 0);
    assert_int_equal(plan_make(&s, &plan), 0);
    a = plan_find(&plan, "fix-a");
    for (size_t i = 0; i < a->n_steps; i++)
        if (streq(a->steps[i].question, question))
            found = a->steps[i].fact;
    assert_non_null(found);
    assert_string_equal(found, fact);
    assert_int_equal(a->type, type);
    if (type == ACTION_FAIL)
        assert_int_equal(a->exit_status, EXIT_STATUS_QUARANTINED);
}

/* The plan says what the load will do. */
static void test_plan(void **state _unused_) {
    assert_planned("ledger", "on trial: this machine has not confirmed it yet", ACTION_LOAD);
    write_record(RECORD("trial", "", ATTEMPT("one") "," ATTEMPT("this-boot")));
    assert_planned("ledger", "on trial: 1 of MaxAttempts=2 boots ended without an orderly shutdown", ACTION_LOAD);
    write_record(RECORD("trial", "", ATTEMPT("one") "," ATTEMPT("two")));
    assert_planned("ledger", "this build is quarantined: 2 boots in a row ended without an orderly shutdown while "
                             "it was on trial", ACTION_FAIL);
    assert_known("trial system:one system:two");
    write_record(RECORD("confirmed", "\"stage\":\"system\",", ""));
    assert_planned("ledger", "confirmed on this machine", ACTION_LOAD);
}

#define KEPT MODULES "fix-a.ko" STORE_CONFIRMED_SUFFIX

/* The confirmed build that lpctl install has kept is loaded while the installed one is quarantined. */
static void test_falls_back(void **state _unused_) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    char installed[65];

    write_record(RECORD("quarantined", "\"reason\":\"a BUG\",", ""));
    memcpy(installed, sha256, sizeof(installed));
    write_module(KEPT, "fix_a", BUILD_2, FAKE_RELEASE);
    learn_digest(KEPT);
    write_record(RECORD("confirmed", "\"stage\":\"system\",", ""));
    assert_planned("ledger", "the installed build is quarantined (a BUG), and the last confirmed one takes its place",
                   ACTION_LOAD);
    assert_int_equal(load("fix-a"), 1);
    assert_result("fix-a", "load", "active");
    assert_string_equal(result.build_id, BUILD_2);
    assert_string_equal(result.module_path, KEPT);
    assert_string_equal(result.sha256, sha256);
    assert_int_equal(load("fix-a"), 0);
    assert_int_equal(snapshot_take(&k.host, SNAPSHOT_MODULES, &s, &e), 0);
    assert_true(snapshot_is_in(&s, 0));
    assert_string_equal(s.patch_infos[0].fallen_back, "a BUG");
    assert_string_equal(s.patch_infos[0].module_path, KEPT);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_int_equal(unload("fix-a"), 1);
    /* When it is cleared the installed one is loaded again. */
    memcpy(sha256, installed, sizeof(sha256));
    write_record(RECORD("trial", "", ""));
    assert_int_equal(load("fix-a"), 1);
    assert_string_equal(result.build_id, BUILD_1);
}

/* The refusal stays that of the installed build. */
static void test_bad_to_fall_back_to(void **state _unused_) {
    write_record(RECORD("quarantined", "\"reason\":\"a BUG\",", ""));
    write_module(KEPT, "fix_a", BUILD_2, FAKE_RELEASE);
    learn_digest(KEPT);
    write_record(RECORD("quarantined", "\"reason\":\"another BUG\",", ""));
    assert_failed(load("fix-a"), -EOWNERDEAD, EXIT_STATUS_QUARANTINED, "quarantined", "quarantined: a BUG");
    assert_planned("ledger", "this build is quarantined: a BUG", ACTION_FAIL);
    fake_kernel_text(&k, KEPT, "no module");
    assert_failed(load("fix-a"), -EOWNERDEAD, EXIT_STATUS_QUARANTINED, "quarantined", "quarantined: a BUG");
    assert_int_equal(k.n_finit, 0);
}

/* The older patches that a quarantined cumulative one would replace are loaded as if it were not
 * there. */
static void test_quarantined_cumulative(void **state _unused_) {
    patch("fix-all", "");
    fake_kernel_module(&k, "fix_all")->replace = true;
    learn_digest(MODULES "fix-all.ko");
    write_record(RECORD("quarantined", "", ""));
    assert_int_equal(load("fix-a"), 1);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_int_equal(load("fix-all"), -EOWNERDEAD);
    assert_true(is_in("fix_a"));
    assert_planned("loaded", "it is loaded already", ACTION_KEEP);
}

/* A required patch that is quarantined while it is loaded counts as missing. */
static void test_quarantined_is_not_in(void **state _unused_) {
    _cleanup_(snapshot_done) struct snapshot before = {}, after = {};

    assert_int_equal(load("fix-a"), 1);
    assert_int_equal(snapshot_take(&k.host, SNAPSHOT_MODULES, &before, &e), 0);
    assert_true(snapshot_is_in(&before, 0));
    write_record(RECORD("quarantined", "", ATTEMPT("this-boot")));
    assert_int_equal(snapshot_take(&k.host, SNAPSHOT_MODULES, &after, &e), 0);
    assert_false(snapshot_is_in(&after, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_attempt_is_written_first), TEST(test_a_file_of_its_own),   TEST(test_refusal_is_no_attempt),
        TEST(test_earlier_crash_stays),      TEST(test_confirmed_writes_nothing), TEST(test_quarantined),
        TEST(test_crashes),                  TEST(test_more_attempts),       TEST(test_invalid_record),
        TEST(test_unwritable_by_hand),       TEST(test_unwritable_at_boot),  TEST(test_unwritable_and_late),
        TEST(test_initramfs_has_none),       TEST(test_failed_probe),        TEST(test_replaced),
        TEST(test_end_of_boot), TEST(test_plan),                     TEST(test_quarantined_is_not_in),
        TEST(test_falls_back),               TEST(test_bad_to_fall_back_to), TEST(test_quarantined_cumulative),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
