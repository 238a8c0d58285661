/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "base/realtime.h"
#include "base/strv.h"
#include "check.h"
#include "guard/judge.h"
#include "io-faults.h"
#include "root.h"
#include "state/judged.h"

#define KERNEL "6.1.0-56-cloud-amd64"
#define OTHER_KERNEL "6.12.0-1-amd64"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DUMP PSTORE_DIRECTORY "/dmesg-ramoops-0"
#define ARCHIVED PSTORE_ARCHIVE_DIRECTORY "/176424/dmesg-ramoops-1"

/* When the log of these tests ended, and times around that. */
#define END_SEC ((uint64_t) 1764240100)
#define AT(seconds) ((END_SEC + (uint64_t) (seconds)) * USEC_PER_SEC)

static void write_dump(const char *path, int seconds, const char *module, const char *kernel, const char *rip) {
    struct timespec times[2] = { { .tv_sec = (time_t) END_SEC + seconds }, { .tv_sec = (time_t) END_SEC + seconds } };
    char text[2048];

    (void) snprintf(text, sizeof(text),
                    "Panic#1 Part1\n"
                    "<1>[   51.100013] BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
                    "<4>[   51.100014] Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
                    "<4>[   51.100078] CPU: 1 PID: 412 Comm: cat Tainted: G           O  K   %s #1  Debian\n"
                    "<4>[   51.100079] RIP: 0010:%s\n"
                    "<4>[   51.100091] Call Trace:\n"
                    "<4>[   51.100104]  <TASK>\n"
                    "<4>[   51.100105]  lp_show+0x44/0x5c [%s]\n"
                    "<4>[   51.100299]  </TASK>\n"
                    "<0>[   51.200065] Kernel panic - not syncing: Fatal exception\n",
                    kernel, rip, module);
    tree_write(&h, path, text);
    assert_int_equal(utimensat(h.root_fd, path + 1, times, 0), 0);
}

static void append_line(const char *path, int seconds, const char *line) {
    struct timespec times[2] = { { .tv_sec = (time_t) END_SEC + seconds }, { .tv_sec = (time_t) END_SEC + seconds } };
    _cleanup_close_ int fd = file_open(&h, path, O_WRONLY | O_APPEND, 0);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, line, strlen(line)), strlen(line));
    assert_int_equal(futimens(fd, times), 0);
}

static void write_guilty(void) {
    write_dump(DUMP, 0, "fix_a", KERNEL, "lp_show+0x14/0x30 [fix_a]");
}

/* A build of fix-a; boot is that of its attempt at the same time, or NULL. */
static void know_as(const char *kernel, const char *sha256, enum ledger_state state, uint64_t since,
                    const char *boot) {
    struct ledger_build b = { .kernel = (char *) kernel, .sha256 = (char *) sha256, .name = (char *) "fix-a",
                              .module_name = (char *) "fix_a", .state = state, .since_usec = since };

    if (state == LEDGER_CONFIRMED)
        b.stage = (char *) "system";
    if (boot)
        b.attempts[b.n_attempts++] = (struct ledger_attempt){ .boot_id = (char *) boot, .stage = (char *) "system",
                                                              .usec = since };
    assert_int_equal(ledger_write(&h, &b), 0);
}

static void know(const char *sha256, enum ledger_state state, uint64_t since, const char *boot) {
    know_as(KERNEL, sha256, state, since, boot);
}

static void assert_is_as(const char *kernel, const char *sha256, const char *expected) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    char found[1200];

    assert_int_equal(ledger_read(&h, kernel, sha256, &b), 0);
    (void) snprintf(found, sizeof(found), "%s%s%s", ledger_state_name(b.state), b.reason ? ": " : "",
                    strempty(b.reason));
    assert_string_equal(found, expected);
}

#define assert_is(sha256, expected) assert_is_as(KERNEL, sha256, expected)
#define GUILTY "quarantined: kernel fault (oops) in the patch's code, in an earlier boot"

static void judge(int expected) {
    _cleanup_(error_done) struct error e = ERROR_NULL;

    tree_write(&h, "/proc/sys/kernel/random/boot_id", "this-boot\n");
    assert_int_equal(judge_earlier_boots(&h, &e), expected);
}

static void test_nothing(void **state _unused_) {
    judge(0);
    write_guilty();
    judge(0);
    assert_int_equal(judged_read(&h), 0);
}

static void test_trial(void **state _unused_) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    know(A, LEDGER_TRIAL, AT(-60), "boot1");
    write_guilty();
    judge(1);
    assert_is(A, GUILTY);
    assert_int_equal(ledger_read(&h, KERNEL, A, &b), 0);
    assert_non_null(strstr(b.excerpt, "RIP: 0010:lp_show+0x14/0x30 [fix_a]"));
    assert_int_equal(b.n_attempts, 1);
    assert_true(b.since_usec > AT(0));
    /* The log stays where it is, and is not judged again. */
    assert_true(file_exists(&h, DUMP));
    assert_int_equal(judged_read(&h), AT(0));
    know(A, LEDGER_TRIAL, AT(-60), "boot1");
    judge(0);
    assert_is(A, "trial");
}

static void test_frame(void **state _unused_) {
    know(A, LEDGER_TRIAL, AT(-60), "boot1");
    write_dump(ARCHIVED, 0, "fix_a", KERNEL, "memcpy+0x14/0x30");
    judge(1);
    assert_is(A, "quarantined: kernel fault (oops) in what the patch's code called, in an earlier boot");
}

static void test_innocent(void **state _unused_) {
    know(A, LEDGER_TRIAL, AT(-60), "boot1");
    write_dump(DUMP, 0, "other", KERNEL, "memcpy+0x14/0x30");
    judge(0);
    assert_is(A, "trial");
    assert_int_equal(judged_read(&h), AT(0));
}

static void test_confirmed(void **state _unused_) {
    know(A, LEDGER_CONFIRMED, AT(-1000), NULL);
    write_guilty();
    judge(1);
    assert_is(A, GUILTY);
}

static void test_log(void **state _unused_) {
    tree_write(&h, "/etc/lpd/lpd.conf", "[Guard]\nOnFault=log\n");
    know(A, LEDGER_CONFIRMED, AT(-1000), NULL);
    write_guilty();
    judge(1);
    assert_is(A, "trial");
    know(A, LEDGER_TRIAL, AT(-60), "boot1");
    write_dump(DUMP, 1, "fix_a", KERNEL, "lp_show+0x14/0x30 [fix_a]");
    judge(1);
    assert_is(A, "trial");
}

/* Logs of before the load, of this boot's load alone, of another kernel, of a clock that was
 * wrong. */
static void test_not_of_it(void **state _unused_) {
    write_guilty();
    know(A, LEDGER_TRIAL, AT(60), "boot1");
    know(B, LEDGER_CONFIRMED, AT(1), NULL);
    judge(0);
    know(A, LEDGER_TRIAL, AT(-60), "this-boot");
    (void) file_unlink(&h, JUDGED_RECORD);
    judge(0);
    know(A, LEDGER_TRIAL, AT(-60), NULL);
    (void) file_unlink(&h, JUDGED_RECORD);
    judge(0);
    assert_is(A, "trial");
    assert_is(B, "confirmed");

    know(A, LEDGER_CONFIRMED, AT(-60), NULL);
    write_dump(DUMP, 0, "fix_a", OTHER_KERNEL, "lp_show+0x14/0x30 [fix_a]");
    (void) file_unlink(&h, JUDGED_RECORD);
    judge(0);
    write_dump(DUMP, (int) (realtime_usec() / USEC_PER_SEC - END_SEC) + 2 * 24 * 3600, "fix_a", KERNEL,
               "lp_show+0x14/0x30 [fix_a]");
    judge(0);
    assert_is(A, "confirmed");
    assert_int_equal(judged_read(&h), AT(0));
    write_dump(DUMP, (int) -(int64_t) END_SEC, "fix_a", KERNEL, "lp_show+0x14/0x30 [fix_a]");
    judge(0);
    assert_is(A, "confirmed");
}

/* pstore knows only the second. */
static void test_same_second(void **state _unused_) {
    know(A, LEDGER_TRIAL, AT(0) + 800 * USEC_PER_MSEC, "boot1");
    write_guilty();
    judge(1);
    assert_is(A, GUILTY);
}

static void test_other_kernel(void **state _unused_) {
    know(A, LEDGER_CONFIRMED, AT(-60), NULL);
    know_as(OTHER_KERNEL, B, LEDGER_TRIAL, AT(-50), "boot1");
    write_dump(DUMP, 0, "fix_a", OTHER_KERNEL, "lp_show+0x14/0x30 [fix_a]");
    judge(1);
    assert_is(A, "confirmed");
    assert_is_as(OTHER_KERNEL, B, GUILTY);
}

/* Of two builds of one module the one that was loaded last. */
static void test_rivals(void **state _unused_) {
    know(A, LEDGER_CONFIRMED, AT(-1000), NULL);
    know(B, LEDGER_TRIAL, AT(-60), "boot1");
    write_guilty();
    judge(1);
    assert_is(A, "confirmed");
    assert_is(B, GUILTY);
    /* What the quarantined one did before the machine was started again without it. */
    know(B, LEDGER_QUARANTINED, AT(5), NULL);
    write_dump(ARCHIVED, 10, "fix_a", KERNEL, "lp_show+0x14/0x30 [fix_a]");
    judge(0);
    assert_is(A, "confirmed");
    know(A, LEDGER_CONFIRMED, AT(20), NULL);
    write_dump(ARCHIVED, 30, "fix_a", KERNEL, "lp_show+0x14/0x30 [fix_a]");
    judge(1);
    assert_is(A, GUILTY);
}

/* The log begins before the load, with a fault that was known then. */
static void test_before_load(void **state _unused_) {
    know(A, LEDGER_CONFIRMED, AT(-10), NULL);
    write_guilty();
    append_line(DUMP, 0, "<0>[   71.200065] Kernel panic - not syncing: sysrq triggered crash\n");
    judge(0);
    assert_is(A, "confirmed");
    know(A, LEDGER_CONFIRMED, AT(-30), NULL);
    (void) file_unlink(&h, JUDGED_RECORD);
    judge(1);
    assert_is(A, GUILTY);
}

/* Two boots in a row, MaxAttempts=, without any evidence; this boot does not count. */
static void test_crashes(void **state _unused_) {
    struct ledger_build b = { .kernel = (char *) KERNEL, .sha256 = (char *) A, .name = (char *) "fix-a" };
    const char *boots[] = { "boot1", "this-boot", "boot2" };

    for (size_t i = 0; i < ELEMENTSOF(boots); i++) {
        b.attempts[b.n_attempts++] = (struct ledger_attempt){ (char *) boots[i], (char *) "system", AT(-60) };
        assert_int_equal(ledger_write(&h, &b), 0);
        judge(i == 2);
    }
    assert_is(A, "quarantined: 2 boots in a row ended without an orderly shutdown while it was on trial");
    judge(0);
    /* Evidence decides first. */
    b.module_name = (char *) "fix_a";
    assert_int_equal(ledger_write(&h, &b), 0);
    write_guilty();
    judge(1);
    assert_is(A, GUILTY);
}

/* The beginning of the report did not fit: neither the release nor the first line is there. The attempt
 * tells which kernel ran; a confirmed build could be of another one. */
static void test_cut(void **state _unused_) {
    static const char cut[] = "Panic#2 Part1\n"
                              "<4>[   51.100299]  </TASK>\n"
                              "<4>[   51.100301] ---[ end trace 0000000000000000 ]---\n"
                              "<4>[   51.100302] RIP: 0010:lp_show+0x14/0x30 [fix_a]\n"
                              "<0>[   51.200065] Kernel panic - not syncing: Fatal exception\n";

    for (int confirmed = 0; confirmed < 2; confirmed++) {
        know(A, confirmed ? LEDGER_CONFIRMED : LEDGER_TRIAL, AT(-60), confirmed ? NULL : "boot1");
        (void) file_unlink(&h, JUDGED_RECORD);
        tree_write(&h, DUMP, cut);
        append_line(DUMP, 0, "");
        judge(!confirmed);
        assert_is(A, confirmed ? "confirmed" : GUILTY);
    }
}

static void know_innocent(const char *first_boot) {
    struct ledger_build b = { .kernel = (char *) KERNEL, .sha256 = (char *) B, .name = (char *) "fix-b",
                              .module_name = (char *) "fix_b", .since_usec = AT(-100),
                              .attempts = { { (char *) first_boot, (char *) "system", AT(-100) },
                                            { (char *) "boot1", (char *) "system", AT(-59) } },
                              .n_attempts = 2 };

    assert_int_equal(ledger_write(&h, &b), 0);
}

static size_t attempts_of_innocent(void) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    return ledger_read(&h, KERNEL, B, &b) < 0 ? 0 : b.n_attempts;
}

/* A crash that is known to be of one build on trial is no other's. */
static void test_absolved(void **state _unused_) {
    know(A, LEDGER_TRIAL, AT(-60), "boot1");
    know_innocent("boot0");
    write_guilty();
    judge(1);
    assert_is(A, GUILTY);
    assert_is(B, "trial");
    assert_int_equal(attempts_of_innocent(), 1);
}

/* It is if the machine went on after the fault, or if the boot of the log is not known. */
static void test_not_absolved(void **state _unused_) {
    static const char *const ends[] = { "<0>[   51.200065] Kernel panic - not syncing: Fatal exception\n", "" };

    for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
        _cleanup_free_ char *text = NULL;

        (void) file_unlink(&h, JUDGED_RECORD);
        know(A, i == 0 ? LEDGER_CONFIRMED : LEDGER_TRIAL, AT(-60), i == 0 ? NULL : "boot1");
        know_innocent("boot0");
        write_guilty();
        assert_int_equal(file_read(&h, DUMP, 4096, &text, NULL), 0);
        *strstr(text, "<0>") = '\0';
        tree_write(&h, DUMP, text);
        append_line(DUMP, 0, ends[i]);
        judge(2);
        assert_is(A, GUILTY);
        assert_int_equal(attempts_of_innocent(), 2);
    }
}

/* What could not be written is judged again. */
static void test_disk_errors(void **state _unused_) {
    bool reached = true;

    write_guilty();
    for (unsigned n = 0; reached; n++) {
        _cleanup_(error_done) struct error e = ERROR_NULL;

        know(A, LEDGER_TRIAL, AT(-60), "boot1");
        (void) file_unlink(&h, JUDGED_RECORD);
        arm(FAULT_ONCE, n);
        (void) judge_earlier_boots(&h, &e);
        reached = disarm();
        (void) judge_earlier_boots(&h, NULL);
        assert_is(A, GUILTY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),     TEST(test_trial),        TEST(test_frame),  TEST(test_innocent),
        TEST(test_confirmed),   TEST(test_log),          TEST(test_not_of_it), TEST(test_same_second),
        TEST(test_other_kernel), TEST(test_rivals),      TEST(test_disk_errors), TEST(test_crashes),
        TEST(test_before_load), TEST(test_absolved),     TEST(test_not_absolved), TEST(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
