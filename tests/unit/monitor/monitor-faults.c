/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "base/file.h"
#include "base/realtime.h"
#include "guard/notice.h"
#include "livepatch/kmsg.h"
#include "monitor/faults.h"
#include "records-test.h"
#include "state/ledger.h"
#include "system/journal.h"
#include "system/manager.h"

/* What lpd.service does about kernel faults in the code of patches. */

void __wrap_manager_stop_patch(const struct host *h, const char *name);
void __wrap_journal_send(enum journal_event event, const struct result *about, const char *kernel, const char *fmt,
                         ...) _printf_(4, 5);

static char *stopped, *told;
static struct faults faults;
static int log_fd;

void __wrap_manager_stop_patch(const struct host *h _unused_, const char *name) {
    assert_null(stopped);
    stopped = strdup(name);
}

void __wrap_journal_send(enum journal_event event, const struct result *about _unused_,
                         const char *kernel _unused_, const char *fmt, ...) {
    _cleanup_free_ char *text = NULL, *before = TAKE_PTR(told);
    va_list ap;

    va_start(ap, fmt);
    assert_true(vasprintf(&text, fmt, ap) > 0);
    va_end(ap);
    assert_true(asprintf(&told, "%s%s: %s\n", strempty(before), journal_event_name(event), text) > 0);
}

static int begin(void **state) {
    int r = begin_records(state);

    fake_kernel_text(&k, "/proc/sys/kernel/random/boot_id", "this-boot\n");
    fake_kernel_text(&k, "/dev/kmsg", "6,0,0,-;Linux version 6.1\n");
    log_fd = kmsg_open_all(&k.host);
    assert_true(log_fd >= 0);
    faults = (struct faults){};
    return r;
}

static int end(void **state) {
    free(TAKE_PTR(stopped));
    free(TAKE_PTR(told));
    faults_done(&faults);
    closep(&log_fd);
    return end_records(state);
}

#define FAULTS_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

static void on_fault(const char *value) {
    _cleanup_free_ char *text = NULL;

    assert_true(asprintf(&text, "[Trust]\nSignature=permissive\n[Guard]\nOnFault=%s\n", value) > 0);
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", text);
}

static void load_patch(const char *name) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, MODULES "%s.ko", name) > 0);
    write_module(path, name, BUILD_1, FAKE_RELEASE);
    manifest(name, "[Patch]\n");
    assert_int_equal(load(name), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
}

/* The kernel logs an oops, usec before now on its own clock. */
static void oops(const char *module, uint64_t ago) {
    _cleanup_close_ int fd = file_open(&k.host, "/dev/kmsg", O_WRONLY | O_APPEND, 0);
    unsigned long long usec = k.now - ago;

    assert_true(fd >= 0);
    assert_true(dprintf(fd,
                        "1,10,%llu,-;BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
                        "4,11,%llu,-;Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
                        "4,12,%llu,-;CPU: 1 PID: 412 Comm: cat Tainted: G  K 6.1 #1  Debian\n"
                        "4,13,%llu,-;RIP: 0010:lp_show+0x14/0x30 [%s]\n"
                        "4,14,%llu,-;---[ end trace 0000000000000000 ]---\n",
                        usec, usec + 1, usec + 2, usec + 3, module, usec + 4) > 0);
}

static int judge(void) {
    assert_true(records_update(&records, &k.host) >= 0);
    assert_true(faults_read(&faults, &k.host, log_fd) >= 0);
    return faults_judge(&faults, &k.host, &records.list);
}

static void know(const char *name, enum ledger_state state, uint64_t since, const char *boot) {
    _cleanup_(result_done) struct result r = {};
    struct ledger_build b = { .kernel = (char *) FAKE_RELEASE, .name = (char *) name, .state = state,
                              .since_usec = since };

    assert_int_equal(result_read(&k.host, name, &r), 0);
    b.sha256 = r.sha256;
    if (state == LEDGER_CONFIRMED)
        b.stage = (char *) "system";
    if (boot)
        b.attempts[b.n_attempts++] = (struct ledger_attempt){ (char *) boot, (char *) "system", since };
    assert_int_equal(ledger_write(&k.host, &b), 0);
}

static void assert_is(const char *name, const char *state) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_(result_done) struct result r = {};
    int n;

    assert_int_equal(result_read(&k.host, name, &r), 0);
    n = ledger_read(&k.host, FAKE_RELEASE, r.sha256, &b);
    assert_string_equal(n == -ENOENT ? "nothing" : ledger_state_name(b.state), state);
    if (streq(state, "quarantined"))
        assert_string_equal(b.reason, "kernel fault (oops) in the patch's code, in this boot");
}

#define FAULT "kernel fault (oops) in the patch's code, in this boot"

static void test_quarantine(void **state _unused_) {
    load_patch("fix_a");
    load_patch("fix_b");
    assert_int_equal(judge(), 0);
    oops("fix_a", 0);
    assert_int_equal(judge(), 1);
    assert_is("fix_a", "quarantined");
    assert_true(file_exists(&k.host, NOTICE_PATH));
    assert_is("fix_b", "trial");
    assert_string_equal(told, "quarantined: fix_a: quarantined: " FAULT "\n");
    assert_null(stopped);
    assert_int_equal(livepatch_flag_read(&k.host, "fix_a", "enabled"), 1);
    /* Once. */
    assert_int_equal(judge(), 0);
    know("fix_a", LEDGER_TRIAL, realtime_usec() - 10 * USEC_PER_SEC, "this-boot");
    assert_int_equal(judge(), 0);
    fake_kernel_advance(&k, USEC_PER_SEC);
    oops("fix_a", 0);
    assert_int_equal(judge(), 1);
}

static void test_revert(void **state _unused_) {
    _cleanup_(result_done) struct result r = {};

    on_fault("revert");
    load_patch("fix_a");
    oops("fix_a", 0);
    assert_int_equal(judge(), 1);
    assert_is("fix_a", "quarantined");
    assert_string_equal(told, "quarantined: fix_a: quarantined: " FAULT "; it has been unloaded\n");
    assert_string_equal(stopped, "fix_a");
    assert_false(livepatch_is_registered(&k.host, "fix_a"));
    assert_int_equal(result_read(&k.host, "fix_a", &r), 0);
    assert_string_equal(r.state, "failed");
    assert_string_equal(r.reason, FAULT);
    assert_false(r.loaded);
}

static void test_revert_stalls(void **state _unused_) {
    on_fault("revert");
    fake_kernel_module(&k, "fix_a")->stalls_back = true;
    load_patch("fix_a");
    oops("fix_a", 0);
    assert_int_equal(judge(), 1);
    assert_non_null(strstr(told, "it could not be unloaded: "));
    assert_is("fix_a", "quarantined");
}

static void test_log(void **state _unused_) {
    on_fault("log");
    load_patch("fix_a");
    know("fix_a", LEDGER_CONFIRMED, realtime_usec() - 10 * USEC_PER_SEC, NULL);
    oops("fix_a", 0);
    assert_int_equal(judge(), 1);
    assert_is("fix_a", "trial");
    assert_string_equal(told, "fault: fix_a: " FAULT "; it is no longer confirmed\n");
}

/* The service starts again, and reads the log from its beginning. */
static void restart(void) {
    faults_done(&faults);
    faults = (struct faults){};
    assert_int_equal(lseek(log_fd, 0, SEEK_SET), 0);
    free(TAKE_PTR(told));
}

/* What was told stays told; what is new is not. */
static void test_restart(void **state _unused_) {
    on_fault("log");
    load_patch("fix_a");
    oops("fix_a", 2);
    assert_int_equal(judge(), 1);
    restart();
    assert_int_equal(judge(), 0);
    assert_null(told);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    oops("fix_a", 0);
    assert_int_equal(judge(), 1);
    restart();
    oops("fix_a", 1);
    assert_int_equal(judge(), 0);
}

/* The reports of before the service, of an earlier build, and of before lpctl clear. */
static void test_times(void **state _unused_) {
    load_patch("fix_a");
    oops("fix_a", 6 * USEC_PER_SEC);
    assert_int_equal(judge(), 0);
    know("fix_a", LEDGER_TRIAL, realtime_usec() + USEC_PER_SEC, NULL);
    oops("fix_a", 2 * USEC_PER_SEC);
    assert_int_equal(judge(), 0);
    assert_is("fix_a", "trial");
    /* The clock was set back after the attempt. */
    restart();
    know("fix_a", LEDGER_TRIAL, realtime_usec() + 3600 * USEC_PER_SEC, "this-boot");
    assert_int_equal(judge(), 1);
    assert_is("fix_a", "quarantined");
}

/* The kernel's log has a clock of its own, which is behind here. */
static void test_clocks(void **state _unused_) {
    fake_kernel_advance(&k, 3600 * USEC_PER_SEC);
    assert_int_equal(judge(), 0);
    load_patch("fix_a");
    oops("fix_a", 60 * USEC_PER_SEC);
    assert_int_equal(judge(), 1);
}

/* A report that was cut when it was judged. */
static void test_cut(void **state _unused_) {
    _cleanup_close_ int fd = file_open(&k.host, "/dev/kmsg", O_WRONLY | O_APPEND, 0);

    load_patch("fix_a");
    assert_true(dprintf(fd, "4,1,%llu,-;divide error: 0000 [#1] PREEMPT SMP\n", (unsigned long long) k.now) > 0);
    assert_int_equal(judge(), 0);
    assert_true(dprintf(fd, "4,1,%llu,-;RIP: 0010:lp_show+0x14/0x30 [fix_a]\n", (unsigned long long) k.now) > 0);
    assert_int_equal(judge(), 1);
    assert_is("fix_a", "quarantined");
}

/* A patch that another program loaded, and one that nobody knows. */
static void test_unknown(void **state _unused_) {
    struct result r = { .name = (char *) "stray", .action = (char *) "load", .state = (char *) "active",
                        .module_name = (char *) "stray", .loaded = true };

    fake_kernel_patch(&k, "stray", BUILD_2);
    assert_int_equal(result_write(&k.host, &r), 0);
    oops("stray", 0);
    oops("nobody", 0);
    assert_int_equal(judge(), 1);
    assert_string_equal(told, "fault: stray: " FAULT "; lpd does not know which build is loaded, so none is "
                              "quarantined\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FAULTS_TEST(test_quarantine), FAULTS_TEST(test_revert), FAULTS_TEST(test_revert_stalls),
        FAULTS_TEST(test_log),        FAULTS_TEST(test_restart), FAULTS_TEST(test_times),
        FAULTS_TEST(test_clocks),     FAULTS_TEST(test_cut),     FAULTS_TEST(test_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
