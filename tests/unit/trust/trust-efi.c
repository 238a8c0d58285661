/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include "trust/efi.h"

#define X509 "\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72"
#define SHA256 "\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28"
#define OWNER "owner of the key"

/* type, size of the list, of its header, of each signature */
#define LIST(type, list, header, each) type list "\0\0\0" header "\0\0\0" each "\0\0\0"
#define ONE LIST(X509, "\x2f", "\0", "\x13") OWNER "one"

struct seen {
    char text[64];
    int answer;
};

static int note(const void *der, size_t size, void *userdata) {
    struct seen *s = userdata;

    assert_true(strlen(s->text) + size + 2 <= sizeof(s->text));
    strncat(s->text, der, size);
    strcat(s->text, ";");
    return s->answer;
}

/* In a buffer of exactly that size, so that the sanitizer detects every overrun. */
static int walk(const char *data, size_t size, struct seen *s) {
    _cleanup_free_ char *exact = malloc(size ?: 1);

    assert_non_null(exact);
    memcpy(exact, data, size);
    return efi_signature_lists_walk(exact, size, note, s);
}

#define assert_walk(literal, expected, certificates)                                               \
    do {                                                                                           \
        struct seen _s = { 0 };                                                                    \
        assert_int_equal(walk((literal), sizeof(literal) - 1, &_s), expected);                     \
        assert_string_equal(_s.text, certificates);                                                \
    } while (0)

static void test_lists(void **state) {
    assert_walk("", 0, "");
    assert_walk(ONE, 0, "one;");
    assert_walk(LIST(X509, "\x42", "\0", "\x13") OWNER "one" OWNER "two", 0, "one;two;");
    assert_walk(LIST(X509, "\x33", "\4", "\x13") "head" OWNER "one", 0, "one;");
    assert_walk(LIST(X509, "\x1c", "\0", "\x13") ONE, 0, "one;");
    /* Another type, whose signature size is not checked. */
    assert_walk(LIST(SHA256, "\x1f", "\0", "\0") "any" ONE, 0, "one;");
}

static void test_lies(void **state) {
    assert_walk("x", -EBADMSG, "");
    assert_walk(ONE "x", -EBADMSG, "one;");
    assert_walk(LIST(X509, "\0", "\0", "\x13") OWNER "one", -EBADMSG, "");
    assert_walk(LIST(X509, "\x1b", "\0", "\x13") OWNER "one", -EBADMSG, "");
    assert_walk(LIST(X509, "\x30", "\0", "\x13") OWNER "one", -EBADMSG, "");
    assert_walk(LIST(X509, "\x2f", "\x14", "\x13") OWNER "one", -EBADMSG, "");
    assert_walk(LIST(X509, "\x2f", "\0", "\x12") OWNER "one", -EBADMSG, "");
    assert_walk(LIST(X509, "\x2f", "\0", "\x14") OWNER "one", -EBADMSG, "");
    assert_walk(LIST(X509, "\x2f", "\0", "\0") OWNER "one", -EBADMSG, "");
    /* One certificate where the list claims two, and its type is not checked either. */
    assert_walk(LIST(X509, "\x42", "\0", "\x13") OWNER "one", -EBADMSG, "");
    assert_walk(LIST(SHA256, "\x42", "\0", "\x13") OWNER "one", -EBADMSG, "");
    /* A list with size 0 would never end. */
    assert_walk(LIST(SHA256, "\0", "\0", "\x13") OWNER "one", -EBADMSG, "");
    /* No room for a certificate after the owner. */
    assert_walk(LIST(X509, "\x2c", "\0", "\x10") OWNER, -EBADMSG, "");
    assert_walk(X509 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", -EBADMSG, "");
    assert_walk(X509 "\x1c\0\0\0\xff\xff\xff\xff\1\0\0\0", -EBADMSG, "");
}

static void test_stopped(void **state) {
    struct seen s = { .answer = -ENOMEM };

    assert_int_equal(walk(ONE ONE, sizeof(ONE ONE) - 1, &s), -ENOMEM);
    assert_string_equal(s.text, "one;");
}

int main(void) {
    (void) alarm(10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
