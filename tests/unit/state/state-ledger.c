/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/wait.h>

#include "base/strv.h"
#include "io-faults.h"
#include "root.h"
#include "state/ledger.h"

#define KERNEL "6.1.0-56-cloud-amd64"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PATH_A LEDGER_DIRECTORY "/" KERNEL "/" A ".json"

/* Only read: a struct for ledger_attempt_add() borrows its texts. */
#define BUILD(patch)                                                                               \
    ((struct ledger_build){ .kernel = (char *) KERNEL, .sha256 = (char *) A, .name = (char *) (patch), \
                            .module_name = (char *) "fix_a", .build_id = (char *) "0123abcd" })

static int attempt_at(const char *boot, const char *stage) {
    char boot_id[128], stage_copy[16];
    struct ledger_attempt a = { .boot_id = boot_id, .stage = stage_copy, .usec = 1764240000000000 };

    (void) snprintf(boot_id, sizeof(boot_id), "%s", boot);
    (void) snprintf(stage_copy, sizeof(stage_copy), "%s", stage);
    return ledger_attempt_add(&h, &BUILD("fix-a"), &a);
}

static int attempt(const char *boot) {
    return attempt_at(boot, "system");
}

/* "STATE BOOT…" of build A. */
static char *known(void) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    char *text;
    int r;

    r = ledger_read(&h, KERNEL, A, &b);
    if (r < 0)
        return strdup(r == -ENOENT ? "nothing" : strerror(-r));
    text = strdup(ledger_state_name(b.state));
    for (size_t i = 0; i < b.n_attempts; i++) {
        char *longer;

        assert_true(asprintf(&longer, "%s %s", text, b.attempts[i].boot_id) > 0);
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

static void set_state(enum ledger_state state, const char *stage) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    int r = ledger_read(&h, KERNEL, A, &b);

    if (r < 0) {
        b = (struct ledger_build){ .kernel = strdup(KERNEL), .sha256 = strdup(A),
                                   .name = strdup("fix-a") };
    }
    b.state = state;
    assert_int_equal(string_set(&b.stage, stage), 0);
    assert_int_equal(ledger_write(&h, &b), 0);
}

static void test_attempts(void **state _unused_) {
    assert_known("nothing");
    assert_int_equal(attempt("boot1"), 1);
    assert_int_equal(attempt("boot1"), 0);
    assert_known("trial boot1");
    assert_int_equal(attempt("boot2"), 1);
    assert_known("trial boot1 boot2");
    assert_int_equal(ledger_attempt_remove(&h, KERNEL, A, "boot9"), 0);
    assert_int_equal(ledger_attempt_remove(&h, KERNEL, A, "boot1"), 1);
    assert_known("trial boot2");
    assert_int_equal(ledger_attempt_remove(&h, KERNEL, A, "boot2"), 1);
    assert_known("nothing");
    assert_false(file_exists(&h, PATH_A));
    assert_int_equal(ledger_attempt_remove(&h, KERNEL, A, "boot2"), 0);
}

/* The oldest attempts are dropped. */
static void test_bound(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    for (unsigned i = 0; i < LEDGER_ATTEMPTS_MAX + 3; i++) {
        char boot[16];

        (void) snprintf(boot, sizeof(boot), "boot%u", i);
        assert_int_equal(attempt(boot), 1);
    }
    assert_int_equal(ledger_read(&h, KERNEL, A, &b), 0);
    assert_int_equal(b.n_attempts, LEDGER_ATTEMPTS_MAX);
    assert_string_equal(b.attempts[0].boot_id, "boot3");
    assert_string_equal(b.attempts[0].stage, "system");
    assert_int_equal(b.attempts[0].usec, 1764240000000000);
    assert_string_equal(b.name, "fix-a");
    assert_string_equal(b.module_name, "fix_a");
    assert_string_equal(b.build_id, "0123abcd");
}

/* An orderly end breaks the row of crashes; a boot that the build was not part of does not. */
static void test_boot_end(void **state _unused_) {
    assert_int_equal(ledger_boot_end(&h, "boot1"), 0);
    assert_int_equal(attempt("boot1"), 1);
    assert_int_equal(ledger_boot_end(&h, "boot2"), 0);
    assert_known("trial boot1");
    assert_int_equal(attempt("boot3"), 1);
    assert_int_equal(ledger_boot_end(&h, "boot3"), 0);
    assert_known("nothing");
    assert_int_equal(attempt("boot4"), 1);
    set_state(LEDGER_QUARANTINED, NULL);
    assert_int_equal(ledger_boot_end(&h, "boot4"), 0);
    assert_known("quarantined boot4");
    set_state(LEDGER_CONFIRMED, "system");
    assert_int_equal(ledger_boot_end(&h, "boot4"), 0);
    assert_known("confirmed");
}

/* A boot of confirmed builds does not touch the disk: no step at all. */
static void test_confirmed_writes_nothing(void **state _unused_) {
    set_state(LEDGER_CONFIRMED, "initrd");
    arm(FAULT_READONLY, 0);
    assert_int_equal(attempt("boot1"), 0);
    assert_int_equal(attempt_at("boot1", "initrd"), 0);
    assert_int_equal(ledger_attempt_remove(&h, KERNEL, A, "boot1"), 0);
    assert_false(disarm());
    assert_known("confirmed");
}

/* What is confirmed for the host is still on trial in the initramfs. */
static void test_stages(void **state _unused_) {
    set_state(LEDGER_CONFIRMED, "system");
    assert_int_equal(attempt("boot1"), 0);
    assert_int_equal(attempt_at("boot1", "initrd"), 1);
    assert_known("confirmed boot1");
    assert_int_equal(ledger_attempt_remove(&h, KERNEL, A, "boot1"), 1);
    assert_known("confirmed");
}

static void test_quarantined(void **state _unused_) {
    assert_int_equal(attempt("boot1"), 1);
    set_state(LEDGER_QUARANTINED, NULL);
    assert_int_equal(attempt("boot2"), -EPERM);
    assert_known("quarantined boot1");
    assert_int_equal(ledger_remove(&h, KERNEL, A), 0);
    assert_int_equal(ledger_remove(&h, KERNEL, A), 0);
    assert_known("nothing");
}

/* A build that was confirmed loses that, and what it was in for stays on record. */
static void test_quarantine(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    assert_int_equal(attempt("boot1"), 1);
    assert_int_equal(ledger_quarantine(&h, &BUILD("fix-a"), "two crashes", NULL), 1);
    assert_known("quarantined boot1");
    assert_int_equal(ledger_quarantine(&h, &BUILD("fix-a"), "another reason", "text"), 0);
    assert_int_equal(ledger_read(&h, KERNEL, A, &b), 0);
    assert_string_equal(b.reason, "two crashes");
    assert_null(b.excerpt);
    assert_true(b.since_usec > 1764240000000000);
    set_state(LEDGER_CONFIRMED, "system");
    assert_int_equal(ledger_quarantine(&h, &BUILD("fix-a"), "a BUG", "text"), 1);
    assert_known("quarantined boot1");
    assert_int_equal(ledger_remove(&h, KERNEL, A), 0);
    assert_int_equal(ledger_quarantine(&h, &BUILD("fix-a"), "a BUG", "text"), 1);
    assert_known("quarantined");
}

/* Who changes a record waits for who else does. */
static int confirm(const char *stage, bool by_hand) {
    return ledger_confirm(&h, &BUILD("fix-a"), stage, by_hand);
}

static void test_confirm(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    assert_int_equal(confirm("nowhere", false), -EINVAL);
    assert_int_equal(attempt("boot-1"), 1);
    assert_int_equal(confirm("system", false), 1);
    assert_known("confirmed");
    assert_int_equal(confirm("system", false), 0);
    assert_int_equal(attempt("boot-2"), 0);
    /* An attempt of the earlier stage is dropped too. */
    assert_int_equal(attempt_at("boot-3", "initrd"), 1);
    assert_int_equal(confirm("initrd", false), 1);
    assert_int_equal(confirm("system", false), 0);
    assert_int_equal(ledger_read(&h, KERNEL, A, &b), 0);
    assert_string_equal(b.stage, "initrd");
    assert_string_equal(b.module_name, "fix_a");
    assert_int_equal(b.n_attempts, 0);
    assert_true(b.since_usec > 0);
}

static void test_confirm_unknown(void **state _unused_) {
    assert_int_equal(confirm("system", false), 1);
    assert_known("confirmed");
}

static void test_confirm_quarantined(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    assert_int_equal(ledger_quarantine(&h, &BUILD("fix-a"), "it crashed", "lines"), 1);
    assert_int_equal(confirm("system", false), -EPERM);
    assert_known("quarantined");
    assert_int_equal(confirm("system", true), 1);
    assert_int_equal(ledger_read(&h, KERNEL, A, &b), 0);
    assert_int_equal(b.state, LEDGER_CONFIRMED);
    assert_null(b.reason);
    assert_null(b.excerpt);
}

static void test_clear(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    assert_int_equal(ledger_clear(&h, KERNEL, A, "boot-3"), 0);
    assert_int_equal(attempt("boot-1"), 1);
    assert_int_equal(attempt("boot-2"), 1);
    assert_int_equal(attempt("boot-3"), 1);
    assert_int_equal(ledger_quarantine(&h, &BUILD("fix-a"), "it crashed", "lines"), 1);
    assert_int_equal(ledger_clear(&h, KERNEL, A, "boot-3"), 1);
    assert_known("trial boot-3");
    assert_int_equal(ledger_clear(&h, KERNEL, A, "boot-3"), 0);
    /* Another machine's kernel runs, or none. */
    assert_int_equal(ledger_clear(&h, KERNEL, A, NULL), 1);
    assert_known("trial");
    assert_int_equal(ledger_read(&h, KERNEL, A, &b), 0);
    assert_null(b.reason);
    assert_null(b.excerpt);
    /* The time tells the evidence of before from what comes: 1764240000 is that of the attempts. */
    assert_true(b.since_usec > 1764240000000000);
}

static void test_clear_confirmed(void **state _unused_) {
    assert_int_equal(confirm("system", false), 1);
    assert_int_equal(ledger_clear(&h, KERNEL, A, NULL), 0);
    assert_int_equal(attempt_at("boot-1", "initrd"), 1);
    assert_int_equal(ledger_clear(&h, KERNEL, A, NULL), 1);
    assert_known("confirmed");
}

static void test_lock(void **state _unused_) {
    int lock = ledger_lock(&h), status;
    pid_t pid;

    assert_true(lock >= 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        closep(&lock);
        _exit(attempt("boot1") == 1 && ledger_quarantine(&h, &BUILD("fix-a"), "x", NULL) == 1 ? 0 : 1);
    }
    (void) usleep(100 * USEC_PER_MSEC);
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    assert_known("nothing");
    closep(&lock);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_known("quarantined boot1");
}

/* Nothing is created where nothing has to be taken back. */
static void test_no_directory(void **state _unused_) {
    assert_int_equal(ledger_attempt_remove(&h, KERNEL, A, "boot1"), 0);
    assert_int_equal(ledger_boot_end(&h, "boot1"), 0);
    assert_false(file_exists(&h, LEDGER_DIRECTORY));
}

static void test_texts(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    char excerpt[LEDGER_EXCERPT_MAX + 2] = "";
    struct ledger_build w = { .kernel = (char *) KERNEL, .sha256 = (char *) A,
                              .name = (char *) "fix-a", .state = LEDGER_QUARANTINED,
                              .reason = (char *) "it \"crashed\"", .excerpt = excerpt };

    memset(excerpt, '\n', LEDGER_EXCERPT_MAX);
    assert_int_equal(ledger_write(&h, &w), 0);
    assert_int_equal(ledger_read(&h, KERNEL, A, &b), 0);
    assert_string_equal(b.excerpt, excerpt);
    assert_string_equal(b.reason, "it \"crashed\"");
    assert_null(b.stage);
    excerpt[LEDGER_EXCERPT_MAX] = 'x';
    assert_int_equal(ledger_write(&h, &w), -EINVAL);
}

static void test_bad_keys(void **state _unused_) {
    struct ledger_attempt a = { .boot_id = (char *) "boot1", .stage = (char *) "system" };
    struct ledger_build b;

    assert_int_equal(ledger_read(&h, "../../etc", A, &b), -EINVAL);
    assert_int_equal(ledger_read(&h, KERNEL, "../" A, &b), -EINVAL);
    assert_int_equal(ledger_read(&h, KERNEL, A "aa", &b), -EINVAL);
    assert_int_equal(ledger_read(&h, KERNEL, "", &b), -EINVAL);
    assert_int_equal(ledger_attempt_add(&h, &BUILD("../x"), &a), -EINVAL);
    assert_int_equal(attempt(""), -EINVAL);
    assert_int_equal(attempt_at("boot1", "later"), -EINVAL);
    a.usec = UINT64_MAX;
    assert_int_equal(ledger_attempt_add(&h, &BUILD("fix-a"), &a), -EINVAL);
    assert_known("nothing");
}

#define ATTEMPT(boot, stage) "{\"boot\":\"" boot "\",\"stage\":\"" stage "\",\"time\":1}"
#define THREE ATTEMPT("1", "system") "," ATTEMPT("2", "system") "," ATTEMPT("3", "system")
#define RECORD(state, more, attempts)                                                              \
    "{\"name\":\"fix-a\",\"state\":\"" state "\"," more "\"since\":1,\"attempts\":[" attempts "]}"

static void test_hostile(void **state _unused_) {
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{}",
        "\xff\xfe",
        RECORD("unknown", "", ""),
        RECORD("trial", "\"stage\":\"system\",", ""),
        RECORD("confirmed", "", ""),
        RECORD("confirmed", "\"stage\":\"host\",", ""),
        RECORD("confirmed", "\"stage\":7,", ""),
        RECORD("trial", "\"reason\":[],", ""),
        RECORD("trial", "", "7"),
        RECORD("trial", "", "{}"),
        RECORD("trial", "", ATTEMPT("", "system")),
        RECORD("trial", "", ATTEMPT("boot", "")),
        RECORD("trial", "", "{\"boot\":\"b\",\"stage\":\"system\",\"time\":-1}"),
        RECORD("trial", "", "{\"boot\":\"b\",\"stage\":\"system\",\"time\":\"1\"}"),
        "{\"name\":\"../x\",\"state\":\"trial\",\"since\":1,\"attempts\":[]}",
        "{\"name\":\"fix-a\",\"state\":\"trial\",\"since\":1.5,\"attempts\":[]}",
        "{\"name\":\"fix-a\",\"state\":\"trial\",\"since\":1,\"attempts\":{}}",
        "{\"name\":\"fix-a\",\"state\":\"trial\",\"since\":1}",
        "{\"state\":\"trial\",\"since\":1,\"attempts\":[]}",
        RECORD("trial", "", THREE "," THREE "," THREE), /* one too many */
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        _cleanup_free_ char *after = NULL;
        struct ledger_build b;

        tree_write(&h, PATH_A, bad[i]);
        if (ledger_read(&h, KERNEL, A, &b) != -EBADMSG)
            fail_msg("not refused: %s", bad[i]);
        /* Nobody knows what it said, so the build is not loaded, and the file stays. */
        assert_int_equal(attempt("boot1"), -EBADMSG);
        assert_int_equal(file_read(&h, PATH_A, 4096, &after, NULL), 0);
        assert_string_equal(after, bad[i]);
    }
    tree_write(&h, PATH_A, RECORD("trial", "", ATTEMPT("boot1", "initrd")));
    assert_known("trial boot1");
}

static void test_list(void **state _unused_) {
    _cleanup_(ledger_list_done) struct ledger_list l = {}, none = {};

    assert_int_equal(ledger_list_read(&h, &none), 0);
    assert_int_equal(none.n_builds, 0);
    assert_int_equal(attempt("boot1"), 1);
    tree_write(&h, LEDGER_DIRECTORY "/6.12.1/" B ".json", RECORD("quarantined", "", ""));
    tree_write(&h, LEDGER_DIRECTORY "/6.12.1/" A ".json", "broken");
    tree_write(&h, LEDGER_DIRECTORY "/6.12.1/." B ".json.12.tmp", "half");
    tree_write(&h, LEDGER_DIRECTORY "/6.12.1/README", "text");
    tree_write(&h, LEDGER_DIRECTORY "/file", "text");
    assert_int_equal(ledger_list_read(&h, &l), 0);
    assert_int_equal(l.n_builds, 2);
    assert_int_equal(l.n_invalid, 1);
    assert_string_equal(l.builds[0].kernel, KERNEL);
    assert_string_equal(l.builds[0].sha256, A);
    assert_string_equal(l.builds[1].kernel, "6.12.1");
    assert_string_equal(l.builds[1].sha256, B);
    assert_int_equal(l.builds[1].state, LEDGER_QUARANTINED);
}

static int act_first(void) {
    return attempt("boot1");
}

static int act_second(void) {
    return attempt("boot2");
}

static int act_take_back(void) {
    return ledger_attempt_remove(&h, KERNEL, A, "boot1");
}

/* What happens to the disk, from what state. */
static const struct {
    const char *before, *after;
    int (*act)(void);
} scenes[] = {
    { "nothing", "trial boot1", act_first },
    { "trial boot1", "trial boot1 boot2", act_second },
    { "trial boot1", "nothing", act_take_back },
};

static void prepare(size_t scene) {
    tree_make(&h);
    if (!streq(scenes[scene].before, "nothing"))
        assert_int_equal(attempt("boot1"), 1);
}

static void assert_either(size_t scene, unsigned n) {
    _cleanup_free_ char *now = known();

    if (!streq(now, scenes[scene].before) && !streq(now, scenes[scene].after))
        fail_msg("scene %zu, step %u: '%s'", scene, n, now);
}

/* One step fails. Whoever learns that an attempt is on the disk can rely on it. After a failure the
 * old state or the new one is there. */
static bool strike(size_t scene, enum fault f, unsigned n, int expected) {
    bool reached;
    int r;

    prepare(scene);
    arm(f, n);
    r = scenes[scene].act();
    reached = disarm();
    if (r < 0) {
        assert_int_equal(r, expected);
        assert_either(scene, n);
    } else {
        assert_int_equal(r, 1);
        assert_known(scenes[scene].after);
        assert_false(unsynced || relied_on_unsynced);
    }
    tree_remove(&h);
    return reached;
}

static void each_step(enum fault f, int expected) {
    for (size_t i = 0; i < ELEMENTSOF(scenes); i++) {
        unsigned n = 0;

        while (strike(i, f, n, expected))
            n++;
        assert_uint_in_range(n, 2, 40);
    }
}

static void test_io_error(void **state _unused_) {
    each_step(FAULT_ONCE, -EIO);
}

static void test_disk_is_full(void **state _unused_) {
    each_step(FAULT_FULL, -ENOSPC);
}

static void test_read_only(void **state _unused_) {
    each_step(FAULT_READONLY, -EROFS);
}

/* An attempt that could not be synced is taken back, for no load follows it. */
static void test_failed_attempt_is_no_attempt(void **state _unused_) {
    for (unsigned n = 0;; n++) {
        int r;

        tree_make(&h);
        arm(FAULT_ONCE, n);
        r = act_first();
        if (!disarm()) {
            tree_remove(&h);
            break;
        }
        assert_known(r < 0 ? "nothing" : "trial boot1");
        tree_remove(&h);
    }
}

static void test_power_cut(void **state _unused_) {
    for (size_t i = 0; i < ELEMENTSOF(scenes); i++)
        for (unsigned n = 0;; n++) {
            int status;
            pid_t pid;

            prepare(i);
            pid = fork();
            assert_true(pid >= 0);
            if (pid == 0) {
                arm(FAULT_CUT, n);
                (void) scenes[i].act();
                _exit(0);
            }
            assert_int_equal(waitpid(pid, &status, 0), pid);
            assert_either(i, n);
            tree_remove(&h);
            if (WEXITSTATUS(status) != CUT_STATUS)
                break;
            assert_true(n < 40);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_attempts),
        TEST(test_bound),
        TEST(test_boot_end),
        TEST(test_confirmed_writes_nothing),
        TEST(test_stages),
        TEST(test_quarantined),
        TEST(test_quarantine),
        TEST(test_confirm),
        TEST(test_confirm_unknown),
        TEST(test_confirm_quarantined),
        TEST(test_clear),
        TEST(test_clear_confirmed),
        TEST(test_lock),
        TEST(test_no_directory),
        TEST(test_texts),
        TEST(test_bad_keys),
        TEST(test_hostile),
        TEST(test_list),
        cmocka_unit_test(test_io_error),
        cmocka_unit_test(test_disk_is_full),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_failed_attempt_is_no_attempt),
        cmocka_unit_test(test_power_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
