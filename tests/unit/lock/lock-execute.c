/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execute-test.h"
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"
#include "lock/execute.h"
#include "lock/kernel-lock.h"
#include "state/lock.h"

/* Waiting for the right time, locking, and the record of it. */

#define LOCKED "/proc/sys/kernel/modules_disabled"
#define KEXEC "/proc/sys/kernel/kexec_load_disabled"
#define ENFORCED "/sys/module/module/parameters/sig_enforce"

static void policy(const char *text) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", text);
}

static int look_at(const char *path) {
    return kernel_flag_read(&k.host, path);
}

static struct lock_record on_record(void) {
    struct lock_record r;

    assert_int_equal(lock_record_read(&k.host, &r), 0);
    return r;
}

static void test_lock(void **state _unused_) {
    struct lock_record r;

    fake_kernel_text(&k, KEXEC, "0\n");
    assert_int_equal(lock_record_read(&k.host, &r), -ENOENT);
    assert_int_equal(lock_wait(&k.host, 0, &e), 1);
    assert_int_equal(lock_execute(&k.host, &e), 1);
    assert_int_equal(look_at(LOCKED), 1);
    assert_int_equal(look_at(KEXEC), 0);
    r = on_record();
    assert_string_equal(r.state, "locked");
    assert_null(r.reason);
    assert_true(r.since_usec > 0);
    lock_record_done(&r);

    /* Another call changes nothing, not even who locked. */
    assert_int_equal(file_unlink(&k.host, LOCK_RECORD), 0);
    k.n_write = 0;
    assert_int_equal(lock_execute(&k.host, &e), 0);
    assert_int_equal(k.n_write, 0);
    assert_int_equal(lock_record_read(&k.host, &r), -ENOENT);
}

static void test_everything(void **state _unused_) {
    fake_kernel_text(&k, KEXEC, "0\n");
    fake_kernel_text(&k, ENFORCED, "N\n");
    policy("[Trust]\nEnforceInKernel=yes\n[Lock]\nKexec=yes\n");
    assert_int_equal(lock_execute(&k.host, &e), 1);
    assert_int_equal(look_at(ENFORCED), 1);
    assert_int_equal(look_at(LOCKED), 1);
    assert_int_equal(look_at(KEXEC), 1);
}

static void test_no_kexec(void **state _unused_) {
    policy("[Lock]\nKexec=yes\n");
    assert_int_equal(lock_execute(&k.host, &e), 1);
    assert_int_equal(lock_execute(&k.host, &e), 0);
}

/* A lock set by another program is completed. */
static void test_kexec_afterwards(void **state _unused_) {
    fake_kernel_text(&k, KEXEC, "0\n");
    fake_kernel_text(&k, LOCKED, "1\n");
    policy("[Lock]\nKexec=yes\n");
    assert_int_equal(lock_execute(&k.host, &e), 1);
    assert_int_equal(k.n_write, 1);
    assert_int_equal(look_at(KEXEC), 1);
}

static void assert_open(const char *part, int error) {
    struct lock_record r;
    int got = lock_execute(&k.host, &e);

    assert_error_has(got, error, &e, part);
    assert_int_equal(look_at(LOCKED), 0);
    assert_int_equal(lock_record_read(&k.host, &r), -ENOENT);
    e = ERROR_NULL;
}

static void test_refused(void **state _unused_) {
    fake_kernel_text(&k, ENFORCED, "N\n");
    policy("[Trust]\nEnforceInKernel=yes\n");
    fake_kernel_text(&k, "/etc/lpd/disable", "");
    assert_open("/etc/lpd/disable", -ECANCELED);
    assert_int_equal(k.n_write, 0);
    assert_int_equal(look_at(ENFORCED), 0);
}

static void test_no_enforcement(void **state _unused_) {
    policy("[Trust]\nEnforceInKernel=yes\n");
    assert_open("EnforceInKernel=yes, but the kernel does not", -ENOENT);
}

/* The kernel accepts the write and ignores it: the value read back decides. */
static void test_stays_open(void **state _unused_) {
    k.deaf = LOCKED;
    assert_open("modules_disabled: it stays 0", -EIO);
    fake_kernel_text(&k, ENFORCED, "N\n");
    k.deaf = ENFORCED;
    policy("[Trust]\nEnforceInKernel=yes\n");
    assert_open("it stays off", -EIO);
}

static void test_half_open(void **state _unused_) {
    int r;

    fake_kernel_text(&k, KEXEC, "0\n");
    k.deaf = KEXEC;
    policy("[Lock]\nKexec=yes\n");
    r = lock_execute(&k.host, &e);
    assert_error_has(r, -EIO, &e, "modules are locked, but not kexec: ");
    assert_int_equal(look_at(LOCKED), 1);
    e = ERROR_NULL;
}

static void test_not_allowed(void **state _unused_) {
    k.unprivileged = true;
    assert_open("cannot set " LOCKED, -EACCES);
}

static void test_seal(void **state _unused_) {
    int r;

    assert_int_equal(lock_seal(&k.host, &e), 1);
    assert_int_equal(k.n_cover, 1);
    /* No file system of a test shows that it is read-only. */
    assert_int_equal(lock_unseal(&k.host, &e), 0);
    assert_true(k.sealed);
    k.cover_error = -EPERM;
    r = lock_seal(&k.host, &e);
    assert_error_has(r, -EPERM, &e, "/sys/kernel/livepatch cannot be made read-only: ");
    e = ERROR_NULL;
}

/* Without systemd: modules are locked, and the error says that the lock is incomplete. */
static void test_no_seal(void **state _unused_) {
    struct lock_record r;

    policy("[Lock]\nSeal=yes\n");
    assert_int_equal(lock_execute(&k.host, &e) < 0, 1);
    assert_non_null(strstr(error_message(&e, 0), "modules are locked, but the patches could not be sealed: "));
    assert_string_equal(lock_failed_words(&k.host), "");
    lock_refused(&k.host, e.message);
    r = on_record();
    assert_string_equal(r.state, "locked");
    assert_string_equal(r.reason, e.message);
    lock_record_done(&r);
    error_done(&e);
    e = ERROR_NULL;
}

static void load_one(const char *name, bool stalls) {
    fake_kernel_module(&k, name)->stalls = stalls;
    patch(name, "");
    assert_int_equal(load(name), 1);
}

static void test_waits(void **state _unused_) {
    uint64_t begun;

    load_one("lp_a", false);
    begun = k.now;
    assert_int_equal(lock_wait(&k.host, 0, &e), -EAGAIN);
    assert_int_equal(e.exit_status, EXIT_STATUS_TIMEOUT);
    assert_int_equal(k.now, begun);
    assert_int_equal(lock_wait(&k.host, USEC_INFINITY, &e), 1);
    assert_uint_in_range(k.now - begun, USEC_PER_SEC / 2, 2 * USEC_PER_SEC);
}

static void test_waits_no_longer(void **state _unused_) {
    uint64_t begun;

    load_one("lp_a", true);
    begun = k.now;
    assert_int_equal(lock_wait(&k.host, 5 * USEC_PER_SEC, &e), -EAGAIN);
    assert_uint_in_range(k.now - begun, 5 * USEC_PER_SEC, 6 * USEC_PER_SEC);
    assert_open("lp_a: its transition runs", -EAGAIN);
}

/* A refusal during the wait ends it. */
static void forbid(struct fake_kernel *kernel) {
    fake_kernel_text(kernel, "/etc/lpd/disable", "");
    fake_kernel_module(kernel, "lp_a")->ends_at = kernel->now;
}

static void test_refused_meanwhile(void **state _unused_) {
    load_one("lp_a", true);
    k.on_sleep = forbid;
    assert_int_equal(lock_wait(&k.host, USEC_INFINITY, &e), -ECANCELED);
}

static void end_events(struct fake_kernel *kernel) {
    if (kernel->now > *(uint64_t *) kernel->userdata)
        (void) file_unlink(&kernel->host, "/run/udev/queue");
}

static void test_udev(void **state _unused_) {
    uint64_t begun = k.now, quiet = k.now + 3 * USEC_PER_SEC;

    fake_kernel_text(&k, "/run/udev/queue", "");
    k.userdata = &quiet;
    k.on_sleep = end_events;
    assert_int_equal(lock_execute(&k.host, &e), 1);
    assert_uint_in_range(k.now - begun, 3 * USEC_PER_SEC, 4 * USEC_PER_SEC);
}

/* udev is never idle. */
static void test_restless_udev(void **state _unused_) {
    uint64_t start = k.now;

    fake_kernel_text(&k, "/run/udev/queue", "");
    assert_int_equal(lock_execute(&k.host, &e), 1);
    assert_uint_in_range(k.now - start, 30 * USEC_PER_SEC, 31 * USEC_PER_SEC);
    assert_int_equal(look_at(LOCKED), 1);
}

static void process_of_record(const char *comm) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, "/proc/%d/task/%d/comm", getpid(), getpid()) > 0);
    fake_kernel_text(&k, path, comm);
}

static void test_records(void **state _unused_) {
    static const char *const bad[] = { "", "{", "[]", "{}", "{\"state\":1}", "{\"state\":\"open\"}",
                                       "{\"state\":\"locked\",\"unit\":[]}" };
    struct lock_record r;

    lock_refused(&k.host, "a \"reason\"\n");
    r = on_record();
    assert_string_equal(r.state, "refused");
    assert_string_equal(r.reason, "a \"reason\"\n");
    lock_record_done(&r);
    process_of_record("lpd\n");
    lock_waits(&k.host, "for it");
    r = on_record();
    assert_string_equal(r.state, "waiting");
    lock_record_done(&r);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        fake_kernel_text(&k, LOCK_RECORD, bad[i]);
        assert_int_equal(lock_record_read(&k.host, &r), -EBADMSG);
    }
    fake_kernel_text(&k, LOCK_RECORD, "{\"state\":\"locked\",\"uid\":-7,\"since\":\"x\"}");
    r = on_record();
    assert_int_equal(r.uid, -1);
    lock_record_done(&r);
}

/* The record of a process that waited and is gone counts no more; the result of an attempt stays recorded. */
static void test_wait_ended(void **state _unused_) {
    struct lock_record r;

    lock_waits(&k.host, "for it");
    assert_int_equal(lock_record_read(&k.host, &r), -ENOENT); /* the process does not exist */
    process_of_record("another\n");
    assert_int_equal(lock_record_read(&k.host, &r), -ENOENT);
    process_of_record("lpd\n");
    r = on_record();
    assert_string_equal(r.reason, "for it");
    lock_record_done(&r);

    process_of_record("another\n");
    lock_refused(&k.host, "for a reason");
    r = on_record();
    assert_string_equal(r.state, "refused");
    lock_record_done(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_lock),
        TEST(test_everything),
        TEST(test_no_kexec),
        TEST(test_kexec_afterwards),
        TEST(test_refused),
        TEST(test_no_enforcement),
        TEST(test_stays_open),
        TEST(test_half_open),
        TEST(test_not_allowed),
        TEST(test_seal),
        TEST(test_no_seal),
        TEST(test_waits),
        TEST(test_waits_no_longer),
        TEST(test_refused_meanwhile),
        TEST(test_udev),
        TEST(test_restless_udev),
        TEST(test_records),
        TEST(test_wait_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
