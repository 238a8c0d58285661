/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/fanotify.h>

#include "base/strv.h"
#include "check.h"
#include "fake-kernel.h"
#include "monitor/tampering.h"
#include "tree.h"

/* Which process is blamed for disabling a patch, from events as the kernel writes them. */

#define SWITCH "/sys/kernel/livepatch/lp_a/enabled"
#define STRANGER 812
#define OWN 900

static struct fake_kernel k;
static struct tampering t;
static int events; /* the end that the kernel writes to */

static void process(int pid, const char *comm, const char *program) {
    char path[64], text[64];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, pid);
    snprintf(text, sizeof(text), "%s\n", comm);
    fake_kernel_text(&k, path, text);
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, pid);
    fake_kernel_text(&k, path, "Name:\tx\nUid:\t0\t0\t0\t0\n");
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    tree_link(&k.host, program, path);
}

static void ends(int pid) {
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    fake_kernel_remove(&k, path);
}

static void put_on_record(const char *name, bool in) {
    struct result r = {
        .name = (char *) name,
        .module_name = (char *) name,
        .state = (char *) (in ? "active" : "disabled"),
        .loaded = in,
    };

    assert_int_equal(result_write(&k.host, &r), 0);
}

static int setup(void **state _unused_) {
    int pipes[2];

    fake_kernel_open(&k);
    assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
    t = (struct tampering){ .group = pipes[0] };
    events = pipes[1];
    fake_kernel_patch(&k, "lp_a", "42");
    put_on_record("lp_a", true);
    process(STRANGER, "stray.sh", "/usr/bin/dash");
    process(OWN, "lpctl", LPD_BINDIR "/lpctl");
    return 0;
}

static int teardown(void **state _unused_) {
    tampering_done(&t);
    (void) close(events);
    fake_kernel_close(&k);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* One event; with mask 0 the kernel has lost some. */
static void is_told(int pid, uint64_t mask) {
    struct fanotify_event_metadata m = {
        .event_len = sizeof(m),
        .vers = FANOTIFY_METADATA_VERSION,
        .metadata_len = sizeof(m),
        .mask = mask ?: FAN_Q_OVERFLOW,
        .fd = mask ? file_open(&k.host, SWITCH, O_RDONLY, 0) : FAN_NOFD,
        .pid = pid,
    };

    assert_true(!mask || m.fd >= 0);
    assert_int_equal(write(events, &m, sizeof(m)), sizeof(m));
}

static int happens(int pid, uint64_t mask) {
    is_told(pid, mask);
    return tampering_note(&t, &k.host);
}

static void judge(void) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = {};
    _cleanup_(result_list_done) struct result_list results = {};

    assert_int_equal(livepatch_list_read(&k.host, NULL, &l), 0);
    /* The stand-in for the group accepts no marks. */
    assert_int_equal(result_list_read(&k.host, &results), 0);
    (void) tampering_judge(&t, &k.host, &l, &results);
}

/* Anyone can open a switch for reading as often as they like: that is neither recorded nor
 * examined, and only a limited number of events is handled at a time. */
static void test_users(void **state _unused_) {
    fake_kernel_text(&k, "/proc/812/task/812/status", "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n");
    assert_int_equal(happens(STRANGER, FAN_OPEN), 0);
    assert_int_equal(t.n_touches, 0);
    assert_int_equal(happens(4711, FAN_OPEN), 0); /* it has ended */
    assert_int_equal(t.n_touches, 0);
    /* Through a descriptor that it was given, or with a capability. */
    assert_int_equal(happens(STRANGER, FAN_MODIFY), 1);
    assert_int_equal(t.n_touches, 1);
    for (size_t i = 0; i < 400; i++)
        is_told(STRANGER, FAN_OPEN);
    is_told(OWN, FAN_OPEN);
    assert_int_equal(tampering_note(&t, &k.host), 0);
    assert_int_equal(t.n_touches, 1);
    assert_int_equal(tampering_note(&t, &k.host), 0);
    assert_int_equal(t.n_touches, 2);
}

static void goes_out(void) {
    assert_int_equal(k.host.ops->write_value(&k.host, SWITCH, "0"), 0);
}

static void is_gone(void) {
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    fake_kernel_advance(&k, 1);
    assert_false(fake_kernel_module(&k, "lp_a")->registered);
}

static void assert_blamed(const char *reason) {
    _cleanup_(result_done) struct result r = {};

    judge();
    assert_int_equal(result_read(&k.host, "lp_a", &r), 0);
    if (!reason) {
        assert_true(r.loaded);
        assert_string_equal(r.state, "active");
        return;
    }
    assert_false(r.loaded);
    assert_string_equal(r.state, "disabled");
    assert_string_equal(r.reason, reason);
}

#define BY_STRANGER "disabled by stray.sh (pid 812) of root, not by lpd"
#define BY_NOBODY "disabled by an unknown process, not by lpd"

static void test_writer(void **state _unused_) {
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    assert_blamed(NULL);
    goes_out();
    ends(STRANGER);
    assert_int_equal(happens(STRANGER, FAN_MODIFY | FAN_CLOSE_WRITE), 1);
    assert_blamed(BY_STRANGER);

    /* Once. */
    put_on_record("lp_a", true);
    is_gone();
    (void) happens(0, 0);
    assert_blamed(NULL);
}

/* During its write(2), only its opening has been reported. */
static void test_opener(void **state _unused_) {
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    goes_out();
    assert_blamed(BY_STRANGER);
}

static void test_holder(void **state _unused_) {
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    fake_kernel_advance(&k, 3600 * USEC_PER_SEC);
    tree_link(&k.host, "/somewhere" SWITCH " (deleted)", "/proc/812/fd/3");
    goes_out();
    assert_blamed(BY_STRANGER);
}

/* An hour later it is no longer a suspect. */
static void test_reader(void **state _unused_) {
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    fake_kernel_advance(&k, 3600 * USEC_PER_SEC);
    goes_out();
    is_gone();
    assert_int_equal(happens(0, 0), 1);
    assert_blamed(NULL);
    assert_true(t.undecided);
    fake_kernel_advance(&k, 10 * USEC_PER_SEC);
    assert_blamed(BY_NOBODY);
    assert_false(t.undecided);
}

/* The patches were read before the event arrived. */
static void test_late_news(void **state _unused_) {
    goes_out();
    is_told(STRANGER, FAN_OPEN);
    assert_blamed(BY_STRANGER);
}

/* A patch that no known process accessed was disabled through a sysfs that is not watched, or while
 * nothing was watched; lpd's own programs would have recorded it by then. */
static void test_nobody(void **state _unused_) {
    assert_int_equal(happens(0, 0), 1);
    assert_blamed(NULL);
    goes_out();
    is_gone();
    assert_blamed(NULL);
    fake_kernel_advance(&k, 9 * USEC_PER_SEC);
    assert_blamed(NULL);
    assert_true(t.undecided);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_blamed("disabled by an unknown process, not by lpd");
}

/* A load that waits for its turn is already recorded. */
static void test_loading(void **state _unused_) {
    struct result r = { .name = (char *) "lp_b", .module_name = (char *) "lp_b",
                        .state = (char *) "loading", .loaded = true };
    _cleanup_(result_done) struct result after = {};

    assert_int_equal(result_write(&k.host, &r), 0);
    judge();
    assert_false(t.undecided);
    fake_kernel_advance(&k, 60 * USEC_PER_SEC);
    judge();
    assert_int_equal(result_read(&k.host, "lp_b", &after), 0);
    assert_string_equal(after.state, "loading");
}

/* The kernel itself names the process, whichever sysfs it used, and even if it has ended. */
static void test_another_sysfs(void **state _unused_) {
    assert_int_equal(tampering_note_unpatching(&t, &k.host, "lp_a", 4711, 0, "gone"), 1);
    /* The kernel reports it in advance, however often the patches are checked meanwhile. */
    for (size_t i = 0; i < 3; i++)
        assert_blamed(NULL);
    goes_out();
    assert_blamed("disabled by gone (pid 4711) of root, not by lpd");
}

static void test_own_by_another_sysfs(void **state _unused_) {
    assert_int_equal(tampering_note_unpatching(&t, &k.host, "lp_a", OWN, 0, "lpctl"), 0);
    goes_out();
    assert_blamed(NULL);
}

/* lpctl, which was too fast to be seen, gets time to record it. */
static void test_unseen_own(void **state _unused_) {
    goes_out();
    is_gone();
    assert_int_equal(happens(0, 0), 1);
    assert_blamed(NULL);
    put_on_record("lp_a", false);
    judge();
    assert_false(t.undecided);
    put_on_record("lp_a", true);
    fake_kernel_advance(&k, 10 * USEC_PER_SEC);
    assert_blamed(NULL);
}

static void test_own(void **state _unused_) {
    assert_int_equal(happens(OWN, FAN_OPEN), 0);
    goes_out();
    assert_int_equal(happens(OWN, FAN_MODIFY), 0);
    /* Too late to have an effect. */
    assert_int_equal(happens(STRANGER, FAN_MODIFY), 1);
    assert_blamed(NULL);
}

static void test_itself(void **state _unused_) {
    assert_int_equal(happens(getpid(), FAN_OPEN), 0);
    assert_int_equal(t.n_touches, 0);
}

/* As long as lpctl runs it may be about to record it. */
static void test_own_says_so(void **state _unused_) {
    assert_int_equal(happens(OWN, FAN_OPEN), 0);
    goes_out();
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    assert_blamed(NULL);
    is_gone();
    put_on_record("lp_a", false);
    ends(OWN);
    judge();
    put_on_record("lp_a", true);
    assert_int_equal(happens(0, 0), 1);
    assert_blamed(NULL);
}

static void test_own_reader(void **state _unused_) {
    assert_int_equal(happens(OWN, FAN_OPEN), 0);
    goes_out();
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    assert_blamed(NULL);
    ends(OWN);
    process(OWN, "other", "/usr/bin/other");
    assert_blamed(BY_STRANGER);
}

static void test_newer_program(void **state _unused_) {
    process(901, "lpd", LPD_LIBEXECDIR "/lpd (deleted)");
    assert_int_equal(happens(901, FAN_MODIFY), 0);
    process(902, "lpd", LPD_LIBEXECDIR "/lpd-fake");
    assert_int_equal(happens(902, FAN_MODIFY), 1);
}

/* A write without effect does not matter for what happens later. */
static void test_in_vain(void **state _unused_) {
    assert_int_equal(happens(STRANGER, FAN_MODIFY), 1);
    assert_blamed(NULL);
    assert_int_equal(t.n_touches, 1);
    assert_blamed(NULL);
    assert_int_equal(t.n_touches, 0);
    assert_int_equal(happens(OWN, FAN_OPEN), 0);
    goes_out();
    assert_blamed(NULL);
    assert_int_equal(t.n_touches, 1);
}

/* A process that has read its switch before is not to blame. */
static void test_replaced(void **state _unused_) {
    fake_kernel_patch(&k, "lp_b", "43")->replace = true;
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    goes_out();
    is_gone();
    assert_blamed(NULL);
    (void) happens(0, 0);
    fake_kernel_advance(&k, 10 * USEC_PER_SEC);
    assert_blamed(NULL);
}

/* Not even while lpctl runs, which has loaded the other patch. */
static void test_replaced_by_lpctl(void **state _unused_) {
    fake_kernel_patch(&k, "lp_b", "43")->replace = true;
    assert_int_equal(happens(OWN, FAN_OPEN), 0);
    goes_out();
    is_gone();
    judge();
    assert_false(t.undecided);
}

/* Nor did the other patch replace it, if the record says that it was not loaded after it. */
static void test_beside_another(void **state _unused_) {
    fake_kernel_patch(&k, "lp_b", "43");
    put_on_record("lp_b", true);
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    goes_out();
    is_gone();
    assert_blamed(BY_STRANGER);
}

/* Or that it was loaded before it. */
static void test_above_another(void **state _unused_) {
    struct result r = { .name = (char *) "lp_b", .state = (char *) "active", .loaded = true };
    char *over[] = { (char *) "lp_a", NULL };

    fake_kernel_patch(&k, "lp_b", "43");
    r.replaces = over;
    r.monotonic_usec = k.now;
    assert_int_equal(result_write(&k.host, &r), 0);
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    goes_out();
    is_gone();
    assert_blamed(NULL);

    /* The same after lp_a was loaded again. */
    r.name = (char *) "lp_a";
    r.replaces = NULL;
    r.monotonic_usec++;
    fake_kernel_patch(&k, "lp_a", "42");
    assert_int_equal(result_write(&k.host, &r), 0);
    assert_blamed(NULL);
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    goes_out();
    is_gone();
    assert_blamed(BY_STRANGER);
}

/* The kernel says that this one replaces nothing. */
static void test_beside_a_stranger(void **state _unused_) {
    k.has_replace_attribute = true;
    fake_kernel_patch(&k, "lp_b", "43");
    assert_int_equal(happens(STRANGER, FAN_OPEN), 1);
    goes_out();
    is_gone();
    assert_blamed(BY_STRANGER);
}

/* Between the end of its transition and the removal of its directory. */
static void test_last_moment(void **state _unused_) {
    goes_out();
    fake_kernel_module(&k, "lp_a")->transition = false;
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_a/transition", "0\n");
    assert_int_equal(happens(STRANGER, FAN_OPEN | FAN_CLOSE_WRITE), 1);
    assert_blamed(BY_STRANGER);
}

static void test_locked(void **state _unused_) {
    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    goes_out();
    assert_int_equal(happens(STRANGER, FAN_MODIFY), 1);
    assert_blamed(BY_STRANGER "; modules are locked, so it cannot be loaded again before a reboot");
}

/* Patches that lpd has not loaded, or has unloaded, do not matter. */
static void test_not_on_record(void **state _unused_) {
    _cleanup_(result_done) struct result r = {};

    put_on_record("lp_a", false);
    goes_out();
    assert_int_equal(happens(STRANGER, FAN_MODIFY), 1);
    judge();
    assert_int_equal(result_read(&k.host, "lp_a", &r), 0);
    assert_null(r.reason);
}

/* More than fit into the list: the last ones count. */
static void test_many(void **state _unused_) {
    for (int pid = 1000; pid < 1200; pid++)
        assert_int_equal(happens(pid, FAN_MODIFY), 1);
    assert_int_equal(t.n_touches, ELEMENTSOF(t.touches));
    assert_int_equal(happens(STRANGER, FAN_MODIFY), 1);
    goes_out();
    assert_int_equal(happens(STRANGER, FAN_MODIFY), 1);
    assert_blamed(BY_STRANGER);
    assert_int_equal(t.n_touches, 0);
}

static void test_nonsense(void **state _unused_) {
    struct fanotify_event_metadata m = { .event_len = sizeof(m), .vers = 1, .fd = FAN_NOFD };

    assert_int_equal(write(events, &m, sizeof(m)), sizeof(m));
    assert_int_equal(tampering_note(&t, &k.host), -EBADMSG);
    assert_int_equal(write(events, &m, 7), 7);
    assert_int_equal(tampering_note(&t, &k.host), -EBADMSG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_users),
        TEST(test_writer),       TEST(test_opener),   TEST(test_holder),      TEST(test_reader),
        TEST(test_own),          TEST(test_itself),   TEST(test_own_says_so), TEST(test_own_reader),
        TEST(test_late_news),     TEST(test_nobody), TEST(test_loading),
        TEST(test_another_sysfs), TEST(test_own_by_another_sysfs),
        TEST(test_unseen_own),    TEST(test_replaced_by_lpctl),
        TEST(test_newer_program), TEST(test_in_vain), TEST(test_replaced), TEST(test_beside_another), TEST(test_above_another), TEST(test_beside_a_stranger), TEST(test_last_moment),    TEST(test_locked),
        TEST(test_not_on_record), TEST(test_many),    TEST(test_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
