/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "signing.h"
#include "tree.h"

static EVP_PKEY *make_key(const char *algorithm) {
    if (startswith(algorithm, "RSA "))
        return EVP_RSA_gen((unsigned) atoi(algorithm + strlen("RSA ")));
    return EVP_EC_gen(algorithm);
}

static void add_key_id(X509 *x, X509 *issuer, int nid, const char *value) {
    X509_EXTENSION *extension;
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    TREE_ASSERT(extension && X509_add_ext(x, extension, -1));
    X509_EXTENSION_free(extension);
}

static void add_name(X509_NAME *name, const char *field, const char *value) {
    TREE_ASSERT(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const uint8_t *) value, -1,
                                           -1, 0));
}

void identity_make(const char *algorithm, const char *name, const char *hash,
                   struct identity *ret) {
    struct identity i = { .key = make_key(algorithm), .x509 = X509_new() };
    static int64_t serial = 0x80a1b2c3;
    X509_NAME *subject;

    TREE_ASSERT(i.key && i.x509);
    subject = X509_get_subject_name(i.x509);
    add_name(subject, "O", "Acme");
    add_name(subject, "CN", name);
    TREE_ASSERT(X509_set_version(i.x509, X509_VERSION_3) &&
                ASN1_INTEGER_set_int64(X509_get_serialNumber(i.x509), serial++) &&
                X509_set_issuer_name(i.x509, subject) &&
                ASN1_TIME_set_string(X509_getm_notBefore(i.x509), "20250102030405Z") &&
                ASN1_TIME_set_string(X509_getm_notAfter(i.x509), "20600102030405Z") &&
                X509_set_pubkey(i.x509, i.key));
    add_key_id(i.x509, i.x509, NID_subject_key_identifier, "hash");
    add_key_id(i.x509, i.x509, NID_authority_key_identifier, "keyid:always");
    TREE_ASSERT(X509_sign(i.x509, i.key, EVP_get_digestbyname(hash)) > 0);
    *ret = i;
}

void identity_issue(struct identity *i, const struct identity *by, const char *end) {
    int at = X509_get_ext_by_NID(i->x509, NID_authority_key_identifier, -1);

    X509_EXTENSION_free(X509_delete_ext(i->x509, at));
    add_key_id(i->x509, by->x509, NID_authority_key_identifier, "keyid:always");
    TREE_ASSERT(X509_set_issuer_name(i->x509, X509_get_subject_name(by->x509)) &&
                (!end || ASN1_TIME_set_string(X509_getm_notAfter(i->x509), end)) &&
                X509_sign(i->x509, by->key, EVP_sha256()) > 0);
}

void identity_forge(const struct identity *of, struct identity *ret) {
    struct identity i = { .key = make_key("RSA 2048"), .x509 = X509_dup(of->x509) };

    TREE_ASSERT(i.key && i.x509 && X509_set_pubkey(i.x509, i.key) &&
                X509_sign(i.x509, i.key, EVP_sha256()) > 0);
    *ret = i;
}

void identity_done(struct identity *i) {
    EVP_PKEY_free(i->key);
    X509_free(i->x509);
    *i = (struct identity){};
}

char *identity_der(const struct identity *i, size_t *ret_size) {
    unsigned char *der = NULL;
    int size = i2d_X509(i->x509, &der);

    TREE_ASSERT(size > 0);
    *ret_size = (size_t) size;
    return (char *) der;
}

char *identity_pem(const struct identity *i) {
    BIO *bio = BIO_new(BIO_s_mem());
    char *text, *copy;
    long size;

    TREE_ASSERT(bio && PEM_write_bio_X509(bio, i->x509));
    size = BIO_get_mem_data(bio, &text);
    copy = strndup(text, (size_t) size);
    TREE_ASSERT(copy);
    BIO_free(bio);
    return copy;
}

void sign(const struct identity *by, size_t n, const char *hash, unsigned flags, const void *data,
          size_t size, struct signature *ret) {
    BIO *bio = BIO_new_mem_buf(data, (int) size);
    struct signature s = {};

    s.cms = CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL);
    TREE_ASSERT(bio && s.cms);
    for (size_t i = 0; i < n; i++)
        TREE_ASSERT(CMS_add1_signer(s.cms, by[i].x509, by[i].key, EVP_get_digestbyname(hash),
                                    flags));
    TREE_ASSERT(n == 0 || CMS_final(s.cms, bio, NULL, flags));
    s.size = (size_t) i2d_CMS_ContentInfo(s.cms, (unsigned char **) &s.der);
    TREE_ASSERT(s.der);
    BIO_free(bio);
    *ret = s;
}

void signature_done(struct signature *s) {
    CMS_ContentInfo_free(s->cms);
    free(s->der);
    *s = (struct signature){};
}
