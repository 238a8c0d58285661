/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/interrupt.h"
#include "check.h"
#include "livepatch/wait.h"

/* A signal ends a wait as if the time were up, but only once: the cleanup that follows can wait. */

static int ask(struct host *h _unused_, void *userdata) {
    unsigned *left = userdata;

    return --*left == 0;
}

static void test_interrupt(void **state _unused_) {
    _cleanup_(host_close) struct host h = HOST_NULL;
    time_t begin = time(NULL);
    unsigned left = 3;

    assert_int_equal(host_open("/", &h), 0);
    interrupt_catch();
    assert_int_equal(wait_until(&h, USEC_INFINITY, ask, &left), 1);
    left = 1000000;
    (void) raise(SIGTERM);
    assert_int_equal(wait_until(&h, USEC_INFINITY, ask, &left), -ETIME);
    assert_int_equal(interrupt_signal(), SIGTERM);
    left = 5;
    assert_int_equal(wait_until(&h, USEC_INFINITY, ask, &left), 1);
    assert_true(time(NULL) - begin < 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
