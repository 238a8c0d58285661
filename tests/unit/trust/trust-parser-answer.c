/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "check.h"
#include "trust/parser-answer.h"

/* A valid answer, of which each test damages a part. */

enum object { SIGNER, EMBEDDED, CERTIFICATE, UNREADABLE };

struct part {
    enum object object;
    uint32_t field;
    const void *data; /* NULL: the field is missing */
    size_t size;
};

#define TEXT(s) s, sizeof(s) - 1
#define U32(...) (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ })
#define I64(x) (const int64_t[]){ x }, sizeof(int64_t)

static const struct part sound[] = {
    { SIGNER, 1, TEXT("CN=a") },
    { SIGNER, 2, TEXT("0102") },
    { SIGNER, 4, TEXT("sha256") },
    { SIGNER, 5, TEXT("pkcs1") },
    { SIGNER, 6, TEXT("\0") },
    { SIGNER, 7, TEXT("\xbe\xef") },
    { SIGNER, 9, U32(0, 1) },
    { SIGNER, 10, U32(1) },
    { EMBEDDED, 2, TEXT("") },
    { EMBEDDED, 3, TEXT("") },
    { EMBEDDED, 4, TEXT("") },
    { EMBEDDED, 5, TEXT("") },
    { EMBEDDED, 8, TEXT("") },
    { EMBEDDED, 10, TEXT("\1") },
    { EMBEDDED, 11, I64(0) },
    { EMBEDDED, 12, I64(0) },
    { EMBEDDED, 13, TEXT("") },
    { CERTIFICATE, 1, U32(0) },
    { CERTIFICATE, 2, TEXT("CN=Prüfschlüssel") },
    { CERTIFICATE, 3, TEXT("CN=a") },
    { CERTIFICATE, 4, TEXT("s") },
    { CERTIFICATE, 5, TEXT("0102") },
    { CERTIFICATE, 6, TEXT("ab") },
    { CERTIFICATE, 8, TEXT("RSA 2048") },
    { CERTIFICATE, 10, TEXT("\0") },
    { CERTIFICATE, 11, I64(-1) },
    { CERTIFICATE, 12, I64(4000000000) },
    { CERTIFICATE, 13, TEXT("\x30\0") },
    { UNREADABLE, 1, U32(1) },
    { UNREADABLE, 2, TEXT("is empty") },
};

static const uint32_t types[] = { PARSER_ANSWER_SIGNER, PARSER_ANSWER_CERTIFICATE,
                                  PARSER_ANSWER_CERTIFICATE, PARSER_ANSWER_UNREADABLE };

struct buffer {
    char bytes[8192];
    size_t size;
};

static void add(struct buffer *b, uint32_t type, const void *data, size_t size) {
    const struct parser_record record = { .type = type, .size = size };

    assert_true(sizeof(b->bytes) - b->size >= sizeof(record) + size);
    memcpy(b->bytes + b->size, &record, sizeof(record));
    memcpy(b->bytes + b->size + sizeof(record), data, size);
    b->size += sizeof(record) + size;
}

static void add_end(struct buffer *b) {
    add(b, PARSER_ANSWER_END, "", 0);
}

/* One object, with one of its fields replaced, removed or added. */
static void add_object(struct buffer *b, enum object object, const struct part *spoilt) {
    struct buffer content = { .size = 0 };
    bool done = !spoilt || spoilt->object != object;

    for (size_t i = 0; i < ELEMENTSOF(sound); i++) {
        const struct part *p = sound + i;

        if (p->object != object)
            continue;
        if (!done && spoilt->field <= p->field) {
            done = true;
            if (spoilt->data)
                add(&content, spoilt->field, spoilt->data, spoilt->size);
            if (spoilt->field == p->field)
                continue;
        }
        add(&content, p->field, p->data, p->size);
    }
    if (!done)
        add(&content, spoilt->field, spoilt->data, spoilt->size);
    add(b, types[object], content.bytes, content.size);
}

static void answer(struct buffer *ret, const struct part *spoilt) {
    ret->size = 0;
    for (enum object o = SIGNER; o <= UNREADABLE; o++)
        add_object(ret, o, spoilt);
    add_end(ret);
}

static int read_size(const char *data, size_t size, struct pkcs7 *ret, struct error *e) {
    static struct certificate_file offered[] = { { .path = (char *) "/a" },
                                                 { .path = (char *) "/b" } };
    struct certificate_files files = { .files = offered, .n_files = ELEMENTSOF(offered) };
    _cleanup_free_ char *exact = malloc(size ?: 1);

    assert_non_null(exact);
    memcpy(exact, data, size);
    return parser_answer_read(exact, size, &files, ret, e);
}

static int read_buffer(const struct buffer *b, struct pkcs7 *ret, struct error *e) {
    return read_size(b->bytes, b->size, ret, e);
}

static int read_spoilt(const struct part *spoilt, struct pkcs7 *ret) {
    struct buffer b;

    answer(&b, spoilt);
    return read_buffer(&b, ret, NULL);
}

static void test_sound(void **state) {
    struct pkcs7 p;

    assert_int_equal(read_spoilt(NULL, &p), 0);
    assert_int_equal(p.n_signers, 1);
    assert_string_equal(p.signers[0].issuer, "CN=a");
    assert_string_equal(p.signers[0].serial, "0102");
    assert_null(p.signers[0].key_id);
    assert_string_equal(p.signers[0].hash, "sha256");
    assert_string_equal(p.signers[0].encoding, "pkcs1");
    assert_int_equal(p.signers[0].value_size, 2);
    assert_memory_equal(p.signers[0].value, "\xbe\xef", 2);
    assert_null(p.signers[0].digest);
    assert_int_equal(p.signers[0].n_certificates, 2);
    assert_int_equal(p.signers[0].certificates[1], 1);
    assert_int_equal(p.signers[0].verified_by, 1);
    assert_int_equal(p.n_certificates, 2);
    assert_int_equal(p.certificates[0].source, SIZE_MAX);
    assert_true(p.certificates[0].self_issued);
    assert_int_equal(p.certificates[1].source, 0);
    assert_string_equal(p.certificates[1].subject, "CN=Prüfschlüssel");
    assert_int_equal(p.certificates[1].not_before, -1);
    assert_int_equal(p.certificates[1].not_after, 4000000000);
    assert_int_equal(p.certificates[1].der_size, 2);
    assert_memory_equal(p.certificates[1].der, "\x30\0", 2);
    assert_string_equal(p.unreadable[0], "/b: is empty");
    assert_null(p.unreadable[1]);
    pkcs7_done(&p);
}

static void test_refused(void **state) {
    struct parser_answer a = {};
    struct error e = ERROR_NULL;
    struct pkcs7 p;
    int r;

    assert_int_equal(parser_answer_add_unreadable(&a, 1, "is empty"), 0);
    assert_int_equal(parser_answer_refuse(&a, "it is\x1b[2J empty"), 0);
    r = read_size(a.data, a.size, &p, &e);
    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_error_is(r, -EBADMSG, &e, "the signature cannot be used: it is?[2J empty");
    for (size_t n = 0; n < a.size; n++)
        assert_int_equal(read_size(a.data, n, &p, NULL), -EPROTO);
    parser_answer_done(&a);
}

/* Text from others must be printable on a terminal. */
static const struct part unprintable[] = {
    { CERTIFICATE, 2, TEXT("a\7\nb") },
    { CERTIFICATE, 2, TEXT("a\xff\xc3" "b") },
};

static void test_printable(void **state) {
    for (size_t i = 0; i < ELEMENTSOF(unprintable); i++) {
        struct pkcs7 p;

        assert_int_equal(read_spoilt(unprintable + i, &p), 0);
        assert_string_equal(p.certificates[1].subject, "a??b");
        pkcs7_done(&p);
    }
}

static void assert_nonsense(const void *data, size_t size) {
    struct error e = ERROR_NULL;
    int r = read_size(data, size, &(struct pkcs7){}, &e);

    assert_int_equal(e.exit_status, EXIT_STATUS_FAILED);
    assert_error_is(r, -EPROTO, &e, "the answer of lpd-parser is invalid");
}

static void test_nonsense(void **state) {
    static const char *const texts[] = { "", " ", "{}", "0123456789abcdef", "0123456789abcdef0123456789abcdef" };
    struct buffer b;

    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        assert_nonsense(texts[i], strlen(texts[i]));
    answer(&b, NULL);
    for (size_t n = 0; n < b.size; n++)
        assert_nonsense(b.bytes, n);
    add_end(&b);
    assert_nonsense(b.bytes, b.size);
    answer(&b, NULL);
    b.bytes[offsetof(struct parser_record, reserved)] = 1;
    assert_nonsense(b.bytes, b.size);
}

static void test_bad_records(void **state) {
    static const uint32_t bad[] = { 0, PARSER_ANSWER_UNREADABLE + 1, UINT32_MAX };
    struct buffer b = { .size = 0 };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        b.size = 0;
        add(&b, bad[i], "", 0);
        add_end(&b);
        assert_nonsense(b.bytes, b.size);
    }
    /* An end record with content, and a refusal beside another answer. */
    b.size = 0;
    add(&b, PARSER_ANSWER_END, "x", 1);
    assert_nonsense(b.bytes, b.size);
    b.size = 0;
    add_object(&b, CERTIFICATE, NULL);
    add(&b, PARSER_ANSWER_REFUSED, "no", 2);
    add_end(&b);
    assert_nonsense(b.bytes, b.size);
    b.size = 0;
    add(&b, PARSER_ANSWER_REFUSED, "no", 2);
    add_object(&b, CERTIFICATE, NULL);
    add_end(&b);
    assert_nonsense(b.bytes, b.size);
    b.size = 0;
    add(&b, PARSER_ANSWER_REFUSED, "n\0o", 3);
    add_end(&b);
    assert_nonsense(b.bytes, b.size);
}

/* Out of order, or twice. */
static void test_order_of_fields(void **state) {
    static const uint32_t orders[][2] = { { 2, 1 }, { 1, 1 }, { 2, 2 } };

    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        struct buffer content = { .size = 0 }, b = { .size = 0 };
        static const uint32_t source = 1;

        for (size_t k = 0; k < 2; k++)
            add(&content, orders[i][k], &source, orders[i][k] == 1 ? sizeof(source) : 0);
        add(&b, PARSER_ANSWER_UNREADABLE, content.bytes, content.size);
        add_end(&b);
        assert_nonsense(b.bytes, b.size);
    }
}

static const struct part spoilt_parts[] = {
    /* missing, or not a field of the object */
    { SIGNER, 4, NULL, 0 }, { SIGNER, 6, NULL, 0 }, { SIGNER, 7, NULL, 0 }, { SIGNER, 9, NULL, 0 },
    { CERTIFICATE, 2, NULL, 0 }, { CERTIFICATE, 13, NULL, 0 }, { UNREADABLE, 1, NULL, 0 },
    { UNREADABLE, 2, NULL, 0 }, { SIGNER, 0, TEXT("") }, { SIGNER, 11, TEXT("") },
    { CERTIFICATE, 14, TEXT("") }, { UNREADABLE, 3, TEXT("") },
    /* of another size or value */
    { SIGNER, 6, TEXT("") }, { SIGNER, 6, TEXT("\2") }, { SIGNER, 6, TEXT("\0\0") },
    { SIGNER, 9, TEXT("\0\0\0") }, { SIGNER, 9, TEXT("\0\0\0\0\1") }, { SIGNER, 10, TEXT("\1") },
    { CERTIFICATE, 10, TEXT("\xff") }, { CERTIFICATE, 11, U32(1) }, { CERTIFICATE, 12, TEXT("") },
    { CERTIFICATE, 1, I64(0) },
    /* text with a NUL */
    { SIGNER, 1, TEXT("CN=a\0b") }, { CERTIFICATE, 2, TEXT("\0") }, { UNREADABLE, 2, TEXT("a\0") },
    /* no hex */
    { SIGNER, 2, TEXT("01 2") }, { SIGNER, 2, TEXT("010") }, { SIGNER, 2, TEXT("0x01") },
    { CERTIFICATE, 6, TEXT("xy") }, { CERTIFICATE, 6, TEXT("AB") }, { CERTIFICATE, 6, TEXT("ab\0\0") },
    /* text that would have a meaning for the kernel */
    { SIGNER, 4, TEXT("sha256 enc=raw") }, { SIGNER, 4, TEXT("SHA256") }, { SIGNER, 4, TEXT("a\0") },
    { SIGNER, 4, TEXT("a23456789a23456789a23456789a23456789a23456789a23456789a23456789a23456789") },
    { SIGNER, 5, TEXT("raw") }, { SIGNER, 5, TEXT("") }, { SIGNER, 5, TEXT("pkcs1\0") },
    /* invalid indices */
    { SIGNER, 9, U32(0, 2) }, { SIGNER, 9, U32(0, UINT32_MAX) }, { SIGNER, 9, U32(0) },
    { SIGNER, 9, TEXT("") }, { SIGNER, 10, U32(2) }, { SIGNER, 10, U32(UINT32_MAX) },
    { CERTIFICATE, 1, U32(2) }, { CERTIFICATE, 1, U32(UINT32_MAX) }, { UNREADABLE, 1, U32(2) },
    /* nobody */
    { SIGNER, 2, NULL, 0 }, { SIGNER, 1, NULL, 0 },
};

static void test_spoilt(void **state) {
    for (size_t i = 0; i < ELEMENTSOF(spoilt_parts); i++) {
        struct pkcs7 p = {};
        int r = read_spoilt(spoilt_parts + i, &p);

        if (r != -EPROTO)
            fail_msg("part %zu: %d", i, r);
    }
}

/* As many as are allowed, and one more. */
static void assert_bound(enum object object, size_t max) {
    struct buffer one = { .size = 0 };
    _cleanup_free_ char *many = NULL;
    struct pkcs7 p;

    /* A signer that refers to no certificate. */
    add_object(&one, object, NULL);
    if (object == SIGNER) {
        struct buffer content = { .size = 0 };

        for (size_t i = 0; i < ELEMENTSOF(sound); i++)
            if (sound[i].object == SIGNER && sound[i].field < 10)
                add(&content, sound[i].field, sound[i].data, sound[i].field == 9 ? 0 : sound[i].size);
        one.size = 0;
        add(&one, PARSER_ANSWER_SIGNER, content.bytes, content.size);
    }
    for (size_t n = max; n <= max + 1; n++) {
        struct buffer end = { .size = 0 };

        free(many);
        many = malloc(n * one.size + sizeof(struct parser_record));
        assert_non_null(many);
        for (size_t i = 0; i < n; i++)
            memcpy(many + i * one.size, one.bytes, one.size);
        add_end(&end);
        memcpy(many + n * one.size, end.bytes, end.size);
        assert_int_equal(read_size(many, n * one.size + end.size, &p, NULL), n == max ? 0 : -EPROTO);
        if (n == max)
            pkcs7_done(&p);
    }
}

/* More would use up our memory. */
static void test_many(void **state) {
    static uint32_t indices[PARSER_CERTIFICATES_MAX + 1];
    const struct part many = { SIGNER, 9, indices, sizeof(indices) };
    _cleanup_free_ char *long_answer = calloc(1, PARSER_ANSWER_SIZE_MAX + 1);
    struct pkcs7 p;

    assert_bound(SIGNER, PARSER_SIGNERS_MAX);
    assert_bound(CERTIFICATE, PARSER_CERTIFICATES_MAX);
    assert_bound(UNREADABLE, PARSER_FILES_MAX);
    assert_int_equal(read_spoilt(&many, &p), -EPROTO);
    assert_non_null(long_answer);
    assert_nonsense(long_answer, PARSER_ANSWER_SIZE_MAX + 1);
}

/* What was written is read back unchanged. */
static void test_round_trip(void **state) {
    struct parser_answer a = {};
    struct buffer b = { .size = 0 };
    struct pkcs7 p;

    answer(&b, NULL);
    assert_int_equal(read_buffer(&b, &p, NULL), 0);
    assert_int_equal(parser_answer_add_pkcs7(&a, &p), 0);
    assert_int_equal(parser_answer_add_unreadable(&a, 1, "is empty"), 0);
    assert_int_equal(parser_answer_end(&a), 0);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.bytes, b.size);
    parser_answer_done(&a);
    pkcs7_done(&p);
}

static void test_too_long(void **state) {
    _cleanup_free_ char *reason = malloc(PARSER_ANSWER_SIZE_MAX);
    struct parser_answer a = {};

    assert_non_null(reason);
    memset(reason, 'x', PARSER_ANSWER_SIZE_MAX - 1);
    reason[PARSER_ANSWER_SIZE_MAX - 1] = '\0';
    assert_int_equal(parser_answer_add_unreadable(&a, 1, reason), -EFBIG);
    assert_int_equal(parser_answer_refuse(&a, "too long"), 0);
    assert_int_equal(read_size(a.data, a.size, &(struct pkcs7){}, NULL), -EBADMSG);
    parser_answer_done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_printable),   cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_bad_records), cmocka_unit_test(test_order_of_fields),
        cmocka_unit_test(test_spoilt),      cmocka_unit_test(test_many),
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
