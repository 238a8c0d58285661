/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/random.h>

#include "check.h"
#include "parse.h"
#include "self-test.h"

/* The functions that libcrypto would call for randomness. In newer C libraries they use the vDSO,
 * which no filter of system calls sees as long as the kernel has random numbers. */

static unsigned n_asked;

#define VISIBLE __attribute__((visibility("default")))

VISIBLE int getentropy(void *buffer, size_t size) {
    n_asked++;
    errno = ENOSYS;
    return -1;
}

VISIBLE ssize_t getrandom(void *buffer, size_t size, unsigned flags) {
    n_asked++;
    errno = ENOSYS;
    return -1;
}

static void test_asks_for_none(void **state) {
    struct error e = ERROR_NULL;
    int r;

    parse_init();
    r = self_test(&e);
    if (r < 0)
        fail_msg("%s", error_message(&e, r));
    assert_int_equal(n_asked, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_asks_for_none) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
