/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A DRBG, the only interface that is not deprecated, would start with a seed from the kernel. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rand.h>

#include "base/macro.h"
#include "random.h"

/* libcrypto blinds its computations on curves, with public numbers too. There is no secret here
 * that timing could reveal, so any numbers that are not all zero are good enough: splitmix64. */
static int fill(unsigned char *to, int size) {
    static uint64_t state;

    for (int i = 0; i < size; i++) {
        uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        to[i] = (unsigned char) (z >> 56);
    }
    return 1;
}

static int is_ready(void) {
    return 1;
}

void random_replace(void) {
    static const RAND_METHOD method = { .bytes = fill, .pseudorand = fill, .status = is_ready };

    (void) RAND_set_rand_method(&method);
}
