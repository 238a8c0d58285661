/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "base/interrupt.h"
#include "base/process.h"
#include "check.h"

/* Running programs, and how they end. The last tests leave the signal caught. */

static int run(const char *script, uint64_t timeout_usec, int *ret_status) {
    char *argv[] = { (char *) "/bin/sh", (char *) "-c", (char *) script, NULL };

    return process_run(argv, STDERR_FILENO, timeout_usec, ret_status);
}

static void test_ends(void **state _unused_) {
    int status = 0;

    assert_int_equal(run("exit 7", USEC_INFINITY, &status), 1);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_int_equal(run("sleep 0.2; kill -9 $$", 5 * USEC_PER_SEC, &status), 1);
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void test_timeout(void **state _unused_) {
    time_t begin = time(NULL);
    int status = 0;

    assert_int_equal(run("sleep 30", 200 * USEC_PER_MSEC, &status), 0);
    assert_int_equal(run("sleep 30", 1200 * USEC_PER_MSEC, &status), 0);
    assert_true(time(NULL) - begin < 10);
}

/* The program is asked to end, so that it can clean up; only once, so that later steps are not
 * interrupted. */
static void test_interrupt(void **state _unused_) {
    char path[] = "/tmp/lpd-test-XXXXXX", script[200];
    time_t begin = time(NULL);
    int status = 0, fd = mkstemp(path);
    pid_t pid = getpid();

    assert_true(fd >= 0);
    interrupt_catch();
    assert_int_equal(interrupt_signal(), 0);
    assert_false(interrupt_take());
    (void) snprintf(script, sizeof(script), "trap 'rm %s; exit 1' TERM; kill -HUP %d; sleep 30 & wait", path, (int) pid);
    assert_int_equal(run(script, USEC_INFINITY, &status), -EINTR);
    assert_true(time(NULL) - begin < 15);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(interrupt_signal(), SIGHUP);
    assert_false(interrupt_take());
    assert_int_equal(run("sleep 1.2; exit 3", USEC_INFINITY, &status), 1);
    assert_int_equal(WEXITSTATUS(status), 3);
    (void) close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_interrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
