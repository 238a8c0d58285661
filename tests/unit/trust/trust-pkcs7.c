/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "check.h"
#include "trust/parser-format.h"
#include "trust/pkcs7-json.h"

/* A sound answer, of which each test spoils a part. */
#define SIGNER                                                                                     \
    "{\"issuer\":\"CN=a\",\"serial\":\"0102\",\"key_id\":null,\"hash\":\"sha256\","                \
    "\"encoding\":\"pkcs1\",\"signed_attributes\":false,\"value\":\"beef\",\"digest\":null,"       \
    "\"certificates\":[0,1],\"verified_by\":1}"
#define CERTIFICATE                                                                                \
    "{\"source\":0,\"subject\":\"CN=s\",\"issuer\":\"CN=a\",\"name\":\"s\",\"serial\":\"0102\","   \
    "\"key_id\":\"ab\",\"authority_key_id\":null,\"algorithm\":\"RSA 2048\",\"tbs_hash\":null,"    \
    "\"self_issued\":false,\"not_before\":-1,\"not_after\":4000000000,\"der\":\"3000\"}"
#define EMBEDDED                                                                                   \
    "{\"subject\":\"\",\"issuer\":\"\",\"name\":\"\",\"serial\":\"\",\"algorithm\":\"\","          \
    "\"self_issued\":true,\"not_before\":0,\"not_after\":0,\"der\":\"\"}"
#define ANSWER                                                                                     \
    "{\"signers\":[" SIGNER "],\"certificates\":[" EMBEDDED "," CERTIFICATE "],"                   \
    "\"unreadable\":[{\"source\":1,\"reason\":\"is empty\"}]}"

static int read_size(const char *text, size_t size, struct pkcs7 *ret, struct error *e) {
    static struct certificate_file offered[] = { { .path = (char *) "/a" },
                                                 { .path = (char *) "/b" } };
    struct certificate_files files = { .files = offered, .n_files = ELEMENTSOF(offered) };
    _cleanup_free_ char *exact = malloc(size ?: 1);

    assert_non_null(exact);
    memcpy(exact, text, size);
    return pkcs7_from_json(exact, size, &files, ret, e);
}

static int read_text(const char *text, struct pkcs7 *ret, struct error *e) {
    return read_size(text, strlen(text), ret, e);
}

/* ANSWER with the first occurrence of one thing replaced by another. */
static char *spoilt(const char *from, const char *to) {
    const char *at = strstr(ANSWER, from);
    char *text;

    assert_non_null(at);
    assert_true(asprintf(&text, "%.*s%s%s", (int) (at - ANSWER), ANSWER, to,
                         at + strlen(from)) >= 0);
    return text;
}

static void test_sound(void **state) {
    struct pkcs7 p;

    assert_int_equal(read_text(ANSWER, &p, NULL), 0);
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
    assert_int_equal(p.certificates[1].not_before, -1);
    assert_int_equal(p.certificates[1].not_after, 4000000000);
    assert_int_equal(p.certificates[1].der_size, 2);
    assert_string_equal(p.unreadable[0], "/b: is empty");
    assert_null(p.unreadable[1]);
    pkcs7_done(&p);
}

static void test_error(void **state) {
    struct error e = ERROR_NULL;
    struct pkcs7 p;
    int r;

    r = read_text("{\"error\":\"it is\\u001b[2J empty\"}", &p, &e);
    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_error_is(r, -EBADMSG, &e, "the signature cannot be used: it is?[2J empty");
}

/* What strangers wrote can go to a terminal. */
static void test_printable(void **state) {
    _cleanup_free_ char *text = spoilt("CN=s", "a\\u0007\\nb");
    struct pkcs7 p;

    assert_int_equal(read_text(text, &p, NULL), 0);
    assert_string_equal(p.certificates[1].subject, "a??b");
    pkcs7_done(&p);
}

static void test_nonsense(void **state) {
    static const char *const texts[] = {
        "", " ", "null", "0", "\"\"", "[]", "{}", "{", "{\"signers\":[]}", "{\"error\":1}",
        "{\"signers\":{},\"certificates\":[],\"unreadable\":[]}",
        "{\"signers\":[null],\"certificates\":[],\"unreadable\":[]}",
        "{\"signers\":[],\"certificates\":[[]],\"unreadable\":[]}",
        "{\"signers\":[],\"certificates\":[],\"unreadable\":[1]}",
        "{\"signers\":[],\"certificates\":[],\"unreadable\":[{}]}",
        ANSWER "x", ANSWER ANSWER, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        struct error e = ERROR_NULL;
        struct pkcs7 p;
        int r = read_text(texts[i], &p, &e);

        assert_int_equal(e.exit_status, EXIT_STATUS_FAILED);
        assert_error_is(r, -EPROTO, &e, "lpd-parser answered nonsense");
    }
    for (size_t n = 0; n < strlen(ANSWER); n++)
        assert_int_equal(read_size(ANSWER, n, &(struct pkcs7){}, NULL), -EPROTO);
    /* JSON, but for a NUL. */
    assert_int_equal(read_size(ANSWER, sizeof(ANSWER), &(struct pkcs7){}, NULL), -EPROTO);
}

static void test_spoilt(void **state) {
    static const char *const cases[][2] = {
        /* of another type, or missing */
        { "\"CN=a\"", "1" }, { "\"CN=s\"", "null" }, { "\"name\":\"s\"", "\"nam\":\"s\"" },
        { "[0,1]", "0" }, { "[0,1]", "null" }, { "[0,1]", "[true]" },
        { ":false,\"value\"", ":0,\"value\"" },
        { "\"self_issued\":false", "\"self_issued\":null" }, { "4000000000", "4e9" },
        { "4000000000", "\"4\"" }, { "\"verified_by\":1", "\"verified_by\":\"1\"" },
        /* no hex */
        { "beef", "BEEF" }, { "beef", "bee" }, { "beef", "be\\u0000ef" },
        { "\"0102\"", "\"01 2\"" },
        { "\"ab\"", "\"xy\"" }, { "\"3000\"", "\"0x30\"" }, { "\"3000\"", "null" },
        /* what would mean something to the kernel */
        { "sha256", "sha256 enc=raw" }, { "sha256", "SHA256" }, { "sha256", "a\\u0000" },
        { "sha256", "a23456789a23456789a23456789a23456789a23456789a23456789a23456789a23456789" },
        { "pkcs1", "raw" }, { "pkcs1", "" },
        /* indices of nothing */
        { "[0,1]", "[0,2]" }, { "[0,1]", "[0,-1]" }, { "[0,1]", "[0,4294967297]" },
        { "\"verified_by\":1", "\"verified_by\":2" }, { "[0,1]", "[0]" },
        { "\"source\":0", "\"source\":2" }, { "\"source\":0", "\"source\":-1" },
        { "\"source\":1", "\"source\":2" }, { "\"source\":1", "\"source\":null" },
        /* nobody */
        { "\"serial\":\"0102\"", "\"serial\":null" },
        /* not UTF-8 */
        { "CN=s", "\xff" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = spoilt(cases[i][0], cases[i][1]);
        struct pkcs7 p = {};
        int r = read_text(text, &p, NULL);

        if (r != -EPROTO)
            fail_msg("%s instead of %s: %d", cases[i][1], cases[i][0], r);
    }
}

static void assert_too_many(const char *key, const char *member, size_t n) {
    _cleanup_free_ char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    assert_non_null(f);
    (void) fprintf(f, "{\"%s\":[%s", key, member);
    for (size_t i = 1; i < n; i++)
        (void) fprintf(f, ",%s", member);
    (void) fprintf(f, "]}");
    assert_int_equal(fclose(f), 0);
    assert_int_equal(read_size(text, size, &(struct pkcs7){}, NULL), -EPROTO);
}

/* Such as would take gigabytes. */
static void test_many(void **state) {
    assert_too_many("signers", SIGNER, PARSER_SIGNERS_MAX + 1);
    assert_too_many("signers", "{}", 2000 * 1000);
    assert_too_many("signers", "0", 4000 * 1000);
    assert_too_many("certificates", EMBEDDED, PARSER_CERTIFICATES_MAX + 1);
    assert_too_many("x", "\"y\"", 3000 * 1000);
}

static void test_round_trip(void **state) {
    struct error e = ERROR_NULL;
    struct pkcs7 p, again;
    json_object *o;
    const char *text;

    assert_int_equal(read_text(ANSWER, &p, &e), 0);
    o = pkcs7_to_json(&p);
    json_object_object_add(o, "unreadable", json_object_new_array());
    text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
    assert_non_null(strstr(text, SIGNER));
    assert_non_null(strstr(text, CERTIFICATE));
    assert_int_equal(read_text(text, &again, &e), 0);
    json_object_put(o);
    pkcs7_done(&p);
    pkcs7_done(&again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),     cmocka_unit_test(test_error),
        cmocka_unit_test(test_printable), cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_spoilt),    cmocka_unit_test(test_many),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
