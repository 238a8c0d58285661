/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "object.h"

#include "module/signature.h"

#define MARKER "~Module signature appended~\n"

/* Trailers: algorithm, hash, type, two lengths, padding, length of the signature (big endian). */
#define TRAILER(length) "\0\0\2\0\0\0\0\0" length
#define MODULE "module" /* the signed data */
#define PKCS7 "0\x80..."

static int find(const char *data, size_t size, struct appended_signature *ret, struct error *e) {
    _cleanup_free_ char *exact = malloc(size ?: 1);

    assert_non_null(exact);
    memcpy(exact, data, size);
    return appended_signature_find(exact, size, ret, e);
}

#define FIND(literal, ret, e) find((literal), sizeof(literal) - 1, (ret), (e))

static void test_unsigned(void **state) {
    struct appended_signature s = { .present = true };

    assert_int_equal(FIND(MODULE, &s, NULL), 0);
    assert_false(s.present);
    assert_int_equal(s.signed_size, 6);
    assert_int_equal(s.signature_size, 0);
    assert_int_equal(FIND("", &s, NULL), 0);
    assert_int_equal(s.signed_size, 0);
    /* A marker anywhere but at the very end is ignored. */
    assert_int_equal(FIND(MODULE PKCS7 TRAILER("\0\0\0\5") MARKER "\n", &s, NULL), 0);
    assert_false(s.present);
}

static void test_signed(void **state) {
    struct appended_signature s = {};

    assert_int_equal(FIND(MODULE PKCS7 TRAILER("\0\0\0\5") MARKER, &s, NULL), 0);
    assert_true(s.present);
    assert_int_equal(s.signed_size, 6);
    assert_int_equal(s.signature_size, 5);
}

static void test_bad(void **state) {
    struct appended_signature s = {};
    struct error e = ERROR_NULL;

#define BAD(literal, r, part)                                                                      \
    do {                                                                                           \
        assert_error(FIND(literal, &s, &e), r, &e, part);                                          \
        assert_false(s.present);                                                                   \
    } while (0)
    BAD(MARKER, -EBADMSG, "no room for its trailer");
    BAD("\0\2\0\0\0\0\0\0\0\0\0" MARKER, -EBADMSG, "no room for its trailer");
    BAD(TRAILER("\0\0\0\0") MARKER, -EBADMSG, "longer than the file");
    BAD(MODULE PKCS7 TRAILER("\0\0\0\0") MARKER, -EBADMSG, "it is empty");
    BAD(MODULE PKCS7 TRAILER("\0\0\0\x0b") MARKER, -EBADMSG, "longer than the file");
    BAD(MODULE PKCS7 TRAILER("\xff\xff\xff\xff") MARKER, -EBADMSG, "longer than the file");
    BAD(MODULE PKCS7 TRAILER("\5\0\0\0") MARKER, -EBADMSG, "longer than the file");
    BAD(MODULE PKCS7 "\0\0\1\0\0\0\0\0\0\0\0\5" MARKER, -ENOPKG, "not PKCS#7 (type 1)");
    BAD(MODULE PKCS7 "\1\0\2\0\0\0\0\0\0\0\0\5" MARKER, -EBADMSG, "trailer is not that of");
    BAD(MODULE PKCS7 "\0\1\2\0\0\0\0\0\0\0\0\5" MARKER, -EBADMSG, "trailer is not that of");
    BAD(MODULE PKCS7 "\0\0\2\1\0\0\0\0\0\0\0\5" MARKER, -EBADMSG, "trailer is not that of");
    BAD(MODULE PKCS7 "\0\0\2\0\1\0\0\0\0\0\0\5" MARKER, -EBADMSG, "trailer is not that of");
    BAD(MODULE PKCS7 "\0\0\2\0\0\0\0\1\0\0\0\5" MARKER, -EBADMSG, "trailer is not that of");
#undef BAD
}

/* The largest signature leaves one signed byte, which the kernel requires. */
static void test_bounds(void **state) {
    struct appended_signature s = {};

    assert_int_equal(FIND(MODULE PKCS7 TRAILER("\0\0\0\x0a") MARKER, &s, NULL), 0);
    assert_int_equal(s.signed_size, 1);
    assert_int_equal(s.signature_size, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unsigned),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
