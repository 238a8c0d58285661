/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include "trust/digest.h"

/* A possible answer of a compromised parser: the digest of a module that a trusted key has
 * signed. */
static void lie(struct signer *s, const char *hash) {
    *s = (struct signer){
        .hash = strdup(hash),
        .digest = strdup("another module's"),
        .digest_size = 16,
    };
    assert_non_null(s->hash);
    assert_non_null(s->digest);
}

static void test_own_digest(void **state _unused_) {
    /* FIPS 180-4, the examples for "abc": length and the first eight bytes. */
    static const struct {
        const char *hash;
        size_t size;
        uint8_t begins[8];
    } known[] = {
        { "sha256", 32, { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea } },
        { "sha384", 48, { 0xcb, 0x00, 0x75, 0x3f, 0x45, 0xa3, 0x5e, 0x8b } },
        { "sha512", 64, { 0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba } },
    };

    for (size_t i = 0; i < ELEMENTSOF(known); i++) {
        struct signer s;

        lie(&s, known[i].hash);
        assert_int_equal(signer_take_digest(&s, "abc", 3), 0);
        assert_int_equal(s.digest_size, known[i].size);
        assert_memory_equal(s.digest, known[i].begins, sizeof(known[i].begins));
        free(s.digest);
        free(s.hash);
    }
}

static void test_unknown_hash(void **state _unused_) {
    static const char *const unknown[] = {
        "", "md5", "sha224", "sha3-256", "sha256 enc=raw", "SHA256",
    };

    for (size_t i = 0; i < ELEMENTSOF(unknown); i++) {
        struct signer s;

        lie(&s, unknown[i]);
        assert_int_equal(signer_take_digest(&s, "abc", 3), 0);
        assert_null(s.digest);
        assert_int_equal(s.digest_size, 0);
        free(s.hash);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_digest),
        cmocka_unit_test(test_unknown_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
