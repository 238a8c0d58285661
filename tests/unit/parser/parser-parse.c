/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/evp.h>
#include <stdio.h>

#include "base/hex.h"
#include "check.h"
#include "parse.h"
#include "signing.h"

#define DATA "what is signed"

/* A request, with what is known about its files when the answer is read. */
struct request {
    char bytes[1024 * 1024 * 3];
    size_t size;
    struct certificate_file files[PARSER_FILES_MAX + 1];
    size_t n_files;
};

static struct request request;

static struct identity rsa, ec;

static void add(enum parser_record_type type, const void *data, size_t size) {
    struct parser_record record = { .type = type, .size = size };

    assert_true(request.size + sizeof(record) + size <= sizeof(request.bytes));
    memcpy(request.bytes + request.size, &record, sizeof(record));
    memcpy(request.bytes + request.size + sizeof(record), data, size);
    request.size += sizeof(record) + size;
    if (type == PARSER_RECORD_CERTIFICATE) {
        request.files[request.n_files].path = (char *) "PATH";
        request.n_files++;
    }
}

static void add_text(const char *text) {
    add(PARSER_RECORD_CERTIFICATE, text, strlen(text));
}

static void add_identity(const struct identity *i) {
    size_t size;
    char *der = identity_der(i, &size);

    add(PARSER_RECORD_CERTIFICATE, der, size);
    free(der);
}

/* Answers the request and frees it. */
static int ask(struct pkcs7 *ret, struct error *e) {
    struct certificate_files files = { .files = request.files, .n_files = request.n_files };
    _cleanup_(parser_answer_done) struct parser_answer answer = {};
    _cleanup_free_ char *exact = malloc(request.size ?: 1);
    size_t request_size = request.size;
    int r;

    assert_non_null(exact);
    memcpy(exact, request.bytes, request.size);
    request.size = request.n_files = 0;
    r = parse(exact, request_size, &answer);
    return r < 0 ? r : parser_answer_read(answer.data, answer.size, &files, ret, e);
}

static void ask_well(struct pkcs7 *ret) {
    struct error e = ERROR_NULL;
    int r = ask(ret, &e);

    if (r < 0)
        fail_msg("%s", error_message(&e, r));
}

static int ask_signature(const void *der, size_t size, struct pkcs7 *ret, struct error *e) {
    add(PARSER_RECORD_SIGNATURE, der, size);
    add(PARSER_RECORD_DATA, DATA, strlen(DATA));
    return ask(ret, e);
}

static void refused(const void *der, size_t size, const char *part) {
    struct error e = ERROR_NULL;
    struct pkcs7 p;
    int r = ask_signature(der, size, &p, &e);

    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_error_has(r, -EBADMSG, &e, part);
}

static void sign_data(const struct identity *by, size_t n, const char *hash, unsigned flags,
                      struct signature *ret) {
    sign(by, n, hash, flags, DATA, strlen(DATA), ret);
}

static void assert_bytes(const void *data, size_t size, const void *expected,
                         size_t expected_size) {
    assert_int_equal(size, expected_size);
    assert_memory_equal(data, expected, size);
}

static void assert_signed_well(const struct pkcs7 *p, const struct identity *by, const char *hash) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    const struct signer *s = &p->signers[0];
    unsigned size;

    assert_int_equal(p->n_signers, 1);
    assert_string_equal(s->hash, hash);
    assert_string_equal(s->encoding,
                        EVP_PKEY_get_base_id(by->key) == EVP_PKEY_RSA ? "pkcs1" : "x962");
    assert_false(s->signed_attributes);
    assert_true(EVP_Digest(DATA, strlen(DATA), digest, &size, EVP_get_digestbyname(hash), NULL));
    assert_bytes(s->digest, s->digest_size, digest, size);
    assert_int_equal(s->n_certificates, 1);
    assert_int_equal(s->verified_by, 0);
}

static void check_algorithm(const struct identity *by, const char *hash, bool by_key) {
    struct signature s;
    struct pkcs7 p;

    sign_data(by, 1, hash, SIGN_FLAGS | (by_key ? CMS_USE_KEYID : 0), &s);
    add(PARSER_RECORD_SIGNATURE, s.der, s.size);
    add(PARSER_RECORD_DATA, DATA, strlen(DATA));
    add_identity(by);
    ask_well(&p);
    assert_signed_well(&p, by, hash);
    assert_true(!!p.signers[0].key_id == by_key);
    assert_true(!!p.signers[0].issuer == !by_key);
    if (by_key)
        assert_string_equal(p.signers[0].key_id, p.certificates[0].key_id);
    else
        assert_string_equal(p.signers[0].serial, p.certificates[0].serial);
    pkcs7_done(&p);
    signature_done(&s);
}

static void test_algorithms(void **state) {
    static const struct {
        const char *algorithm, *hash;
    } cases[] = {
        { "RSA 1024", "sha1" },  { "RSA 2048", "sha256" }, { "RSA 3072", "sha512" },
        { "RSA 2048", "sha3-384" }, { "P-256", "sha256" }, { "P-384", "sha384" },
        { "P-521", "sha512" },   { "P-224", "sha224" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct identity by;

        identity_make(cases[i].algorithm, "signer", "sha256", &by);
        check_algorithm(&by, cases[i].hash, /* by_key= */ false);
        check_algorithm(&by, cases[i].hash, /* by_key= */ true);
        identity_done(&by);
    }
}

static void test_certificate(void **state) {
    _cleanup_free_ char *tbs_hash = NULL;
    unsigned char *tbs = NULL, digest[EVP_MAX_MD_SIZE];
    const struct certificate *c;
    struct identity id;
    unsigned size;
    struct pkcs7 p;
    int tbs_size;

    identity_make("P-384", "Jürgen \x1b[2J", "sha384", &id);
    add_identity(&id);
    ask_well(&p);
    assert_int_equal(p.n_signers, 0);
    assert_int_equal(p.n_certificates, 1);
    c = &p.certificates[0];
    assert_int_equal(c->source, 0);
    assert_string_equal(c->subject, "CN=Jürgen \\1B[2J,O=Acme");
    assert_string_equal(c->issuer, c->subject);
    assert_string_equal(c->name, "Jürgen ?[2J");
    assert_true(startswith(c->serial, "0080a1b2"));
    assert_int_equal(strlen(c->key_id), 40);
    assert_string_equal(c->authority_key_id, c->key_id);
    assert_string_equal(c->algorithm, "ECDSA P-384");
    assert_true(c->self_issued);
    assert_int_equal(c->not_before, 1735787045); /* date -d 2025-01-02T03:04:05Z +%s */
    assert_int_equal(c->not_after, 2840238245);
    assert_int_equal(c->der_size, i2d_X509(id.x509, NULL));

    tbs_size = i2d_re_X509_tbs(id.x509, &tbs);
    assert_true(EVP_Digest(tbs, (size_t) tbs_size, digest, &size, EVP_sha384(), NULL));
    tbs_hash = hex_encode(digest, size);
    assert_string_equal(c->tbs_hash, tbs_hash);
    OPENSSL_free(tbs);
    pkcs7_done(&p);
    identity_done(&id);
}

static void test_several_signers(void **state) {
    struct identity both[] = { rsa, ec };
    struct signature s;
    struct pkcs7 p;

    sign_data(both, 2, "sha256", SIGN_FLAGS & ~CMS_NOCERTS, &s);
    add(PARSER_RECORD_SIGNATURE, s.der, s.size);
    add(PARSER_RECORD_DATA, DATA, strlen(DATA));
    add_identity(&ec);
    ask_well(&p);
    assert_int_equal(p.n_signers, 2);
    assert_int_equal(p.n_certificates, 3);
    assert_int_equal(p.certificates[0].source, SIZE_MAX);
    assert_int_equal(p.certificates[1].source, SIZE_MAX);
    assert_int_equal(p.certificates[2].source, 0);
    for (size_t i = 0; i < 2; i++) {
        const struct signer *signer = &p.signers[i];
        const char *by = streq(signer->encoding, "x962") ? "EC signer" : "RSA signer";

        assert_int_equal(signer->n_certificates, streq(by, "EC signer") ? 2 : 1);
        assert_string_equal(p.certificates[signer->verified_by].name, by);
    }
    pkcs7_done(&p);
    signature_done(&s);
}

/* Forged certificates match too, but their keys did not make the signature. */
static void test_forged(void **state) {
    for (unsigned by_key = 0; by_key < 2; by_key++) {
        struct identity forged;
        struct signature s;
        struct pkcs7 p;

        identity_forge(&ec, &forged);
        sign_data(&ec, 1, "sha256", SIGN_FLAGS | (by_key ? CMS_USE_KEYID : 0), &s);
        add(PARSER_RECORD_SIGNATURE, s.der, s.size);
        add(PARSER_RECORD_DATA, DATA, strlen(DATA));
        add_identity(&forged);
        add_identity(&rsa);
        add_identity(&ec);
        ask_well(&p);
        assert_int_equal(p.signers[0].n_certificates, 2);
        assert_int_equal(p.signers[0].certificates[0], 0);
        assert_int_equal(p.signers[0].certificates[1], 2);
        assert_int_equal(p.signers[0].verified_by, 2);
        pkcs7_done(&p);
        signature_done(&s);
        identity_done(&forged);
    }
}

static void test_not_verified(void **state) {
    struct signature s;
    struct pkcs7 p;

    /* Other data. */
    sign_data(&rsa, 1, "sha256", SIGN_FLAGS & ~CMS_NOCERTS, &s);
    add(PARSER_RECORD_SIGNATURE, s.der, s.size);
    add(PARSER_RECORD_DATA, "other data", 10);
    ask_well(&p);
    assert_int_equal(p.signers[0].n_certificates, 1);
    assert_int_equal(p.signers[0].verified_by, SIZE_MAX);
    assert_int_equal(p.signers[0].digest_size, 32);
    pkcs7_done(&p);

    /* None. */
    add(PARSER_RECORD_SIGNATURE, s.der, s.size);
    ask_well(&p);
    assert_int_equal(p.signers[0].verified_by, SIZE_MAX);
    assert_null(p.signers[0].digest);
    pkcs7_done(&p);
    signature_done(&s);

    /* In that case the attributes are signed. */
    sign_data(&rsa, 1, "sha256", SIGN_FLAGS & ~(CMS_NOATTR | CMS_NOCERTS), &s);
    assert_int_equal(ask_signature(s.der, s.size, &p, NULL), 0);
    assert_true(p.signers[0].signed_attributes);
    assert_int_equal(p.signers[0].verified_by, SIZE_MAX);
    pkcs7_done(&p);
    signature_done(&s);
}

/* Attributes added to a signature over the data: the kernel would expect one over them. */
static void test_attributes_added(void **state) {
    unsigned char *der = NULL;
    struct signature s;
    struct pkcs7 p;
    int size;

    sign_data(&rsa, 1, "sha256", SIGN_FLAGS & ~CMS_NOCERTS, &s);
    assert_true(CMS_signed_add1_attr_by_NID(
        sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(s.cms), 0), NID_pkcs9_contentType,
        V_ASN1_OBJECT, OBJ_nid2obj(NID_pkcs7_data), -1));
    size = i2d_CMS_ContentInfo(s.cms, &der);
    assert_int_equal(ask_signature(der, (size_t) size, &p, NULL), 0);
    assert_true(p.signers[0].signed_attributes);
    assert_int_equal(p.signers[0].verified_by, SIZE_MAX);
    pkcs7_done(&p);
    OPENSSL_free(der);
    signature_done(&s);
}

static void refused_cms(CMS_ContentInfo *cms, const char *part) {
    unsigned char *der = NULL;
    int size = i2d_CMS_ContentInfo(cms, &der);

    refused(der, (size_t) size, part);
    OPENSSL_free(der);
}

static void test_refused(void **state) {
    struct identity many[65];
    struct signature s;
    CMS_ContentInfo *cms;
    BIO *bio = BIO_new_mem_buf(DATA, -1);
    char *longer;

    refused("", 0, "not PKCS#7");
    refused("0", 1, "not PKCS#7");
    refused(DATA, strlen(DATA), "not PKCS#7");

    sign_data(&rsa, 1, "sha256", SIGN_FLAGS & ~CMS_DETACHED, &s);
    refused(s.der, s.size, "it contains the signed content");
    signature_done(&s);

    cms = CMS_data_create(bio, 0);
    BIO_free(bio);
    refused_cms(cms, "it is not SignedData");
    CMS_ContentInfo_free(cms);

    sign_data(&rsa, 0, "sha256", SIGN_FLAGS, &s);
    refused(s.der, s.size, "it has no signer");
    signature_done(&s);

    for (size_t i = 0; i < ELEMENTSOF(many); i++)
        many[i] = ec;
    sign_data(many, 65, "sha256", SIGN_FLAGS, &s);
    refused(s.der, s.size, "it has more than 64 signers");
    signature_done(&s);

    sign_data(&rsa, 1, "sha256", SIGN_FLAGS, &s);
    longer = calloc(1, 65536);
    memcpy(longer, s.der, s.size);
    refused(longer, s.size + 1, "there are data after it");
    refused(longer, 65536, "limit of 65535 bytes");
    free(longer);
    signature_done(&s);
}

static void test_refused_content(void **state) {
    X509_CRL *crl = X509_CRL_new();
    struct signature s;

    sign_data(&rsa, 1, "sha256", SIGN_FLAGS, &s);
    assert_true(CMS_set1_eContentType(s.cms, OBJ_nid2obj(NID_id_ct_asciiTextWithCRLF)));
    refused_cms(s.cms, "is not of the type \"data\"");
    assert_true(CMS_set1_eContentType(s.cms, OBJ_nid2obj(NID_pkcs7_data)));

    assert_true(X509_CRL_set_issuer_name(crl, X509_get_subject_name(rsa.x509)) &&
                X509_CRL_set1_lastUpdate(crl, X509_get0_notBefore(rsa.x509)) &&
                X509_CRL_sign(crl, rsa.key, EVP_sha256()));
    assert_true(CMS_add1_crl(s.cms, crl));
    refused_cms(s.cms, "it contains revocation lists");
    X509_CRL_free(crl);
    signature_done(&s);
}

/* Truncated anywhere, it is refused; with any bit changed, it is refused or no longer verifies. */
static void test_damaged(void **state) {
    struct identity by[] = { rsa, ec };

    for (size_t i = 0; i < 2 * ELEMENTSOF(by); i++) {
        struct signature s;
        struct pkcs7 p;

        sign_data(&by[i / 2], 1, "sha256", SIGN_FLAGS | (i % 2 ? CMS_USE_KEYID : 0), &s);
        for (size_t n = 0; n < s.size; n++)
            assert_int_equal(ask_signature(s.der, n, &p, NULL), -EBADMSG);
        for (size_t bit = 0; bit < 8 * s.size; bit++) {
            int r;

            s.der[bit / 8] ^= (char) (1 << bit % 8);
            add(PARSER_RECORD_SIGNATURE, s.der, s.size);
            add(PARSER_RECORD_DATA, DATA, strlen(DATA));
            add_identity(&by[i / 2]);
            r = ask(&p, NULL);
            s.der[bit / 8] ^= (char) (1 << bit % 8);
            if (r == -EBADMSG)
                continue;
            assert_int_equal(r, 0);
            if (p.n_signers != 1 || p.signers[0].verified_by != SIZE_MAX)
                fail_msg("bit %zu of byte %zu does not count", bit % 8, bit / 8);
            pkcs7_done(&p);
        }
        signature_done(&s);
    }
}

static void test_files(void **state) {
    _cleanup_free_ char *one = identity_pem(&rsa), *two = identity_pem(&ec), *both = NULL,
                        *cut = NULL;
    char trailing[4096] = {}, *der;
    size_t size;
    struct pkcs7 p;

    assert_true(asprintf(&both, "RSA:\n%s\nEC:\n%s\n", one, two) > 0);
    assert_true(asprintf(&cut, "%s%.200s\n-----END CERTIFICATE-----\n", one, two) > 0);
    der = identity_der(&rsa, &size);
    memcpy(trailing, der, size);
    free(der);

    add_text(both);
    add_text("");
    add_text("no certificate");
    add_text("-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n");
    add_text("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
             "00000000000000000000000000000000\n\nAAAA\n-----END CERTIFICATE-----\n");
    add_text(cut);
    add(PARSER_RECORD_CERTIFICATE, trailing, size + 1);
    ask_well(&p);
    assert_int_equal(p.n_certificates, 3);
    assert_string_equal(p.certificates[0].name, "RSA signer");
    assert_string_equal(p.certificates[0].algorithm, "RSA 2048");
    assert_string_equal(p.certificates[1].name, "EC signer");
    assert_int_equal(p.certificates[1].source, 0);
    assert_int_equal(p.certificates[2].source, 5);
    assert_string_equal(p.unreadable[0], "PATH: it is not a certificate in DER or PEM");
    assert_string_equal(p.unreadable[1], "PATH: it is not a certificate in DER or PEM");
    assert_string_equal(p.unreadable[2], "PATH: it contains no certificate");
    assert_string_equal(p.unreadable[3], "PATH: it contains a certificate that cannot be read");
    assert_string_equal(p.unreadable[4], "PATH: it contains a certificate that cannot be read");
    assert_string_equal(p.unreadable[5], "PATH: there are data after the certificate");
    assert_null(p.unreadable[6]);
    pkcs7_done(&p);
}

/* If only the signer's name is needed, no other certificate is decoded. */
static void test_others(void **state) {
    static const unsigned forms[] = { SIGN_FLAGS, SIGN_FLAGS | CMS_USE_KEYID };

    for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
        struct signature s;
        struct pkcs7 p;

        sign_data(&rsa, 1, "sha256", forms[i], &s);
        for (int with_data = 0; with_data <= 1; with_data++) {
            add(PARSER_RECORD_SIGNATURE, s.der, s.size);
            if (with_data)
                add(PARSER_RECORD_DATA, DATA, strlen(DATA));
            add_identity(&ec);
            add_identity(&rsa);
            ask_well(&p);
            assert_int_equal(p.n_certificates, with_data ? 2 : 1);
            assert_string_equal(p.certificates[p.n_certificates - 1].name, "RSA signer");
            assert_int_equal(p.certificates[p.n_certificates - 1].source, 1);
            assert_int_equal(p.signers[0].n_certificates, 1);
            pkcs7_done(&p);
        }
        signature_done(&s);
    }
}

static void test_bounds(void **state) {
    _cleanup_free_ char *pem = identity_pem(&ec), *many = NULL, *large = NULL;
    size_t length = strlen(pem);
    struct pkcs7 p;

    many = calloc(600, length);
    large = calloc(1, PARSER_FILE_SIZE_MAX + 1);
    for (size_t i = 0; i < 600; i++)
        memcpy(many + i * length, pem, length);
    add(PARSER_RECORD_CERTIFICATE, many, 600 * length);
    add(PARSER_RECORD_CERTIFICATE, large, PARSER_FILE_SIZE_MAX + 1);
    ask_well(&p);
    assert_int_equal(p.n_certificates, PARSER_CERTIFICATES_MAX);
    assert_string_equal(p.unreadable[0], "PATH: there are more than 512 certificates");
    assert_string_equal(p.unreadable[1], "PATH: it is longer than 1 MiB");
    pkcs7_done(&p);
}

static void test_bad_records(void **state) {
    struct parser_record record = { .type = PARSER_RECORD_DATA, .size = 1 };
    struct pkcs7 p;

    memcpy(request.bytes, &record, sizeof(record));
    for (request.size = 1; request.size <= sizeof(record);) {
        size_t size = request.size;

        assert_int_equal(ask(&p, NULL), -EBADMSG);
        request.size = size + 1;
    }
    request.size = 0;
    add(4, "", 0);
    assert_int_equal(ask(&p, NULL), -EBADMSG);
    add(PARSER_RECORD_DATA, "", 0);
    add(PARSER_RECORD_DATA, "", 0);
    assert_int_equal(ask(&p, NULL), -EBADMSG);
    for (size_t i = 0; i < PARSER_FILES_MAX; i++)
        add_text("");
    add(PARSER_RECORD_CERTIFICATE, "", 0);
    assert_int_equal(ask(&p, NULL), -EBADMSG);
}

static int set_up(void **state) {
    identity_make("RSA 2048", "RSA signer", "sha256", &rsa);
    identity_make("P-256", "EC signer", "sha256", &ec);
    return 0;
}

static int tear_down(void **state) {
    identity_done(&rsa);
    identity_done(&ec);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_algorithms),     cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_several_signers), cmocka_unit_test(test_forged),
        cmocka_unit_test(test_not_verified),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_content), cmocka_unit_test(test_attributes_added),
        cmocka_unit_test(test_damaged),        cmocka_unit_test(test_files),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_bounds),         cmocka_unit_test(test_bad_records),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
