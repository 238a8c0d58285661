/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/inotify.h>

#include "execute-test.h"
#include "state/conflicts.h"

/* The load of one patch costs the same, however many others there are. */

#define PATCHES "/etc/lpd/patches.d"

static void watch_directory(int fd, const char *directory) {
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/self/fd/%d%s", k.host.root_fd, directory);
    assert_true(inotify_add_watch(fd, path, IN_OPEN) >= 0);
}

static int watch(void) {
    static const char *const directories[] = { PATCHES, RESULTS_DIRECTORY, MODULES };
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    assert_true(fd >= 0);
    for (size_t i = 0; i < ELEMENTSOF(directories); i++)
        watch_directory(fd, directories[i]);
    return fd;
}

static unsigned opened(int fd) {
    char buffer[64 * 1024] __attribute__((aligned(8)));
    unsigned count = 0;
    ssize_t n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0)
        for (const char *p = buffer; p < buffer + n;) {
            const struct inotify_event *event = (const void *) p;

            count++;
            p += sizeof(*event) + event->len;
        }
    return count;
}

/* Patches that are not involved, each with a manifest and a result. */
static void add_others(unsigned from, unsigned to) {
    for (unsigned i = from; i < to; i++) {
        char name[32], keys[64];
        struct result r = { .name = name, .action = (char *) "load", .state = (char *) "failed",
                            .exit_status = EXIT_STATUS_REFUSED };

        snprintf(name, sizeof(name), "other-%04u", i);
        snprintf(keys, sizeof(keys), "[Patch]\nAfter=other-%04u\nConflicts=nobody\n", i - 1);
        manifest(name, keys);
        assert_int_equal(result_write(&k.host, &r), 0);
    }
}

static unsigned opens_of_a_load(void) {
    _cleanup_close_ int fd = watch();
    int r = load("fix-it");

    assert_int_equal(r, 1);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    r = (int) opened(fd);
    assert_int_equal(unload("fix-it"), 1);
    return (unsigned) r;
}

static void test_opens(void **state _unused_) {
    unsigned with[3];

    patch("base", "");
    patch("earlier", "");
    patch("fix-it", "Requires=base\nAfter=other-0009 other-0099 earlier\nConflicts=rival\n");
    patch("rival", "");
    assert_int_equal(load("base"), 1);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    add_others(1, 10);
    with[0] = opens_of_a_load();
    add_others(10, 100);
    with[1] = opens_of_a_load();
    add_others(100, 1000);
    with[2] = opens_of_a_load();
    print_message("files opened with 10, 100 and 1,000 others: %u %u %u\n", with[0], with[1], with[2]);
    assert_true(with[1] <= with[0] + 3); /* other-0099 is there now */
    assert_int_equal(with[2], with[1]);
    assert_true(with[2] < 40);
}

/* How many attributes of others a load reads that waits for the transition of the one before it. */
static unsigned opens_with_loaded(unsigned from, unsigned to) {
    _cleanup_close_ int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char name[32], path[64];

    for (unsigned i = from; i < to; i++) {
        snprintf(name, sizeof(name), "p%02u", i);
        patch(name, "");
        assert_int_equal(load(name), 1);
    }
    for (unsigned i = 0; i < to; i++) {
        snprintf(path, sizeof(path), "/sys/kernel/livepatch/p%02u", i);
        watch_directory(fd, path);
    }
    snprintf(name, sizeof(name), "p%02u", to);
    patch(name, "");
    assert_int_equal(load(name), 1);
    return opened(fd);
}

/* Only the one that was loaded last is asked whether it is in transition. */
static void test_transition(void **state _unused_) {
    unsigned with[2];

    with[0] = opens_with_loaded(0, 3);
    with[1] = opens_with_loaded(4, 25);
    print_message("attributes read with 3 and 25 others: %u %u\n", with[0], with[1]);
    assert_int_equal(with[1], with[0]);
}

/* Without a hint, or with one that is not in transition, all are asked. */
static void test_transition_of_stranger(void **state _unused_) {
    patch("first", "");
    patch("second", "");
    assert_int_equal(load("first"), 1);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    fake_kernel_patch(&k, "stranger", BUILD_2);
    fake_kernel_module(&k, "stranger")->stalls_back = true;
    assert_int_equal(k.host.ops->write_value(&k.host, "/sys/kernel/livepatch/stranger/enabled", "0"), 0);
    assert_failed(load("second"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "has to wait");
    assert_int_equal(k.n_finit, 1);
}

/* While the last callbacks of a transition run, no task is marked any more. The kernel is busy, and then the
 * patch is found. */
static void unmark(struct fake_kernel *fake) {
    fake_kernel_text(fake, "/proc/self/patch_state", "-1\n");
}

static void test_callbacks_still_run(void **state _unused_) {
    patch("first", "");
    patch("second", "");
    assert_int_equal(load("first"), 1);
    unmark(&k);
    assert_int_equal(load("second"), 1);
    assert_int_equal(k.n_finit, 3);
    assert_true(is_in("first"));
}

/* The first load checks all patches that it waits for, and stops at those that were already
 * tried. */
static void test_chain(void **state _unused_) {
    patch("a", "");
    patch("b", "Requires=a\n");
    patch("c", "After=b\n");
    patch("d", "Requires=c\n");
    assert_failed(load("d"), -ECANCELED, EXIT_STATUS_FAILED, "failed", "requires c, which is not loaded");
    for (const char *name = "a"; *name <= 'd'; name = (const char[]){ (char) (*name + 1), 0 }) {
        assert_int_equal(load(name), 1);
        fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    }
    manifest("a", "[Patch]\nAfter=d\n");
    manifest("x", "[Patch]\nAfter=y\n");
    patch("y", "After=z\n");
    patch("z", "Requires=x\n");
    assert_failed(load("y"), -ECANCELED, EXIT_STATUS_CONFIG, "failed", "x, y and z");
    assert_failed(load("z"), -ECANCELED, EXIT_STATUS_CONFIG, "failed", "x, y and z");
}

/* The first patch names the other: that is recorded, and its current manifest counts. */
static void test_noted_conflict(void **state _unused_) {
    _cleanup_strv_free_ char **noted = NULL;

    patch("a-b", "Enabled=no\n");
    patch("z", "Conflicts=a_b\n");
    write_module(MODULES "z.ko", "another_name", BUILD_1, FAKE_RELEASE);
    assert_int_equal(load("z"), 1);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_int_equal(conflicts_read(&k.host, "a-b", &noted), 0);
    assert_int_equal(strv_length(noted), 1);
    assert_string_equal(noted[0], "z");
    assert_failed(load("a-b"), -ECANCELED, EXIT_STATUS_FAILED, "failed", "z is loaded");
    manifest("z", "[Patch]\n");
    assert_int_equal(load("a-b"), 1);
    assert_int_equal(unload("a-b"), 1);
    manifest("z", "[Patch]\nConflicts=a-b\n");
    assert_failed(load("a-b"), -ECANCELED, EXIT_STATUS_FAILED, "failed", "z is loaded");
    assert_int_equal(unload("z"), 1);
    assert_int_equal(load("a-b"), 1);
}

/* If the conflict cannot be recorded, the load fails, because the other patch could be loaded. */
static void test_conflict_not_noted(void **state _unused_) {
    patch("z", "Conflicts=a\n");
    fake_kernel_text(&k, CONFLICTS_DIRECTORY, "in the way");
    assert_failed(load("z"), -ENOTDIR, EXIT_STATUS_FAILED, "failed", "cannot be recorded");
    assert_int_equal(k.n_finit, 0);
}

/* However long a patch allows its own transition to take, it waits at most a minute for another
 * one. */
static void test_wait_is_bounded(void **state _unused_) {
    uint64_t begin;

    patch("stuck", "TimeoutSec=infinity\n");
    patch("behind", "TimeoutSec=infinity\n");
    fake_kernel_module(&k, "stuck")->stalls = true;
    assert_int_equal(load("stuck"), 1);
    begin = k.now;
    assert_failed(load("behind"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "has to wait");
    assert_uint_in_range(k.now - begin, 30 * USEC_PER_SEC, 60 * USEC_PER_SEC);
    /* lpd.service tries again. */
    assert_string_equal(result.action, "wait");

    patch("patient", "TimeoutSec=1h\n");
    begin = k.now;
    assert_failed(load("patient"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "has to wait");
    assert_uint_in_range(k.now - begin, 30 * USEC_PER_SEC, 60 * USEC_PER_SEC);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_opens), TEST(test_transition), TEST(test_transition_of_stranger), TEST(test_callbacks_still_run),
        TEST(test_chain), TEST(test_noted_conflict), TEST(test_conflict_not_noted),
        TEST(test_wait_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
