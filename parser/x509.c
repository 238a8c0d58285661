/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "der.h"
#include "hash.h"
#include "trust/parser-format.h"
#include "x509.h"

#define PEM_MARK "-----BEGIN "

static void openssl_freep(unsigned char **p) {
    OPENSSL_free(*p);
}

DEFINE_TRIVIAL_CLEANUP_FUNC(BIO *, BIO_free_all)
DEFINE_TRIVIAL_CLEANUP_FUNC(ASN1_TIME *, ASN1_TIME_free)
DEFINE_TRIVIAL_CLEANUP_FUNC(ASN1_OCTET_STRING *, ASN1_OCTET_STRING_free)
DEFINE_TRIVIAL_CLEANUP_FUNC(AUTHORITY_KEYID *, AUTHORITY_KEYID_free)

/* Untrusted strings contain any byte, also NUL. */
static char *printable(const void *data, size_t size) {
    char *s = malloc(size + 1);

    if (!s)
        return NULL;
    for (size_t i = 0; i < size; i++)
        s[i] = ((const char *) data)[i] ?: '?';
    s[size] = '\0';
    return utf8_make_printable(s);
}

char *x509_name_text(const X509_NAME *name) {
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long size;

    if (!bio)
        return NULL;
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
        return strdup("?");
    size = BIO_get_mem_data(bio, &text);
    return printable(text, (size_t) MAX(size, 0));
}

char *x509_serial_text(const ASN1_INTEGER *serial) {
    _cleanup_(openssl_freep) unsigned char *der = NULL;
    int size = i2d_ASN1_INTEGER(serial, &der);
    struct der whole = { .next = der, .end = der + MAX(size, 0) }, content;

    if (!der_take(&whole, DER_INTEGER, &content))
        return NULL;
    return hex_encode(content.next, (size_t) (content.end - content.next));
}

/* The first existing one of the attributes from which x509_fabricate_name() in the kernel makes
 * names. */
static char *short_name(const X509_NAME *name) {
    static const int nids[] = { NID_commonName, NID_organizationName, NID_pkcs9_emailAddress };

    for (size_t i = 0; i < ELEMENTSOF(nids); i++) {
        int at = X509_NAME_get_index_by_NID(name, nids[i], -1);
        _cleanup_(openssl_freep) unsigned char *text = NULL;
        int size;

        if (at < 0)
            continue;
        size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
        if (size > 0)
            return printable(text, (size_t) size);
    }
    return x509_name_text(name);
}

/* "P-384", or OpenSSL's name for a curve without a NIST name. */
static const char *curve_name(EVP_PKEY *key, char *buffer, size_t size) {
    if (!EVP_PKEY_get_group_name(key, buffer, size, NULL))
        return "of an unnamed curve";
    return EC_curve_nid2nist(OBJ_sn2nid(buffer)) ?: buffer;
}

static char *algorithm_text(X509 *x) {
    EVP_PKEY *key = X509_get0_pubkey(x);
    char curve[80], *s = NULL;
    ASN1_OBJECT *object;
    int r;

    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        r = asprintf(&s, "RSA %d", EVP_PKEY_get_bits(key));
    } else if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        r = asprintf(&s, "ECDSA %s", curve_name(key, curve, sizeof(curve)));
    } else {
        (void) X509_PUBKEY_get0_param(&object, NULL, NULL, NULL, X509_get_X509_PUBKEY(x));
        r = OBJ_obj2txt(curve, sizeof(curve), object, 0);
        return strdup(r > 0 ? curve : "?");
    }
    return r < 0 ? NULL : s;
}

static int64_t seconds_of(const ASN1_TIME *t) {
    _cleanup_(ASN1_TIME_freep) ASN1_TIME *epoch = ASN1_TIME_new();
    int days, seconds;

    /* The C library would look for the time zone in /etc. */
    if (!epoch || !ASN1_TIME_set_string(epoch, "19700101000000Z") ||
        !ASN1_TIME_diff(&days, &seconds, epoch, t))
        return 0;
    return (int64_t) days * 24 * 60 * 60 + seconds;
}

static int describe_key_ids(X509 *x, struct certificate *c) {
    _cleanup_(ASN1_OCTET_STRING_freep) ASN1_OCTET_STRING *id =
        X509_get_ext_d2i(x, NID_subject_key_identifier, NULL, NULL);
    _cleanup_(AUTHORITY_KEYID_freep) AUTHORITY_KEYID *authority =
        X509_get_ext_d2i(x, NID_authority_key_identifier, NULL, NULL);

    if (id) {
        c->key_id = hex_encode(ASN1_STRING_get0_data(id), (size_t) ASN1_STRING_length(id));
        if (!c->key_id)
            return -ENOMEM;
    }
    if (authority && authority->keyid) {
        c->authority_key_id = hex_encode(ASN1_STRING_get0_data(authority->keyid),
                                         (size_t) ASN1_STRING_length(authority->keyid));
        if (!c->authority_key_id)
            return -ENOMEM;
    }
    return 0;
}

/* x509_get_sig_params() in crypto/asymmetric_keys/x509_public_key.c: the first element of the
 * certificate, its own header included. */
static int describe_tbs_hash(X509 *x, struct certificate *c) {
    struct hash *hash = hash_of_signature(X509_get0_tbs_sigalg(x));
    struct der whole = { .next = c->der, .end = (uint8_t *) c->der + c->der_size }, content, tbs;
    const EVP_MD *md = hash ? hash_md(hash) : NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;

    if (!md)
        return 0;
    if (!der_take(&whole, DER_SEQUENCE, &content))
        return 0;
    tbs = content;
    if (!der_take(&content, DER_SEQUENCE, &whole) ||
        !EVP_Digest(tbs.next, (size_t) (content.next - tbs.next), digest, &size, md, NULL))
        return 0;
    c->tbs_hash = hex_encode(digest, size);
    return c->tbs_hash ? 0 : -ENOMEM;
}

static int describe_der(X509 *x, struct certificate *c) {
    _cleanup_(openssl_freep) unsigned char *der = NULL;
    int size = i2d_X509(x, &der);

    if (size <= 0)
        return -ENOMEM;
    c->der = malloc((size_t) size);
    if (!c->der)
        return -ENOMEM;
    memcpy(c->der, der, (size_t) size);
    c->der_size = (size_t) size;
    return 0;
}

int x509_describe(X509 *x, struct certificate *ret) {
    struct certificate c = { .source = SIZE_MAX };
    int r;

    c.subject = x509_name_text(X509_get_subject_name(x));
    c.issuer = x509_name_text(X509_get_issuer_name(x));
    c.name = short_name(X509_get_subject_name(x));
    c.serial = x509_serial_text(X509_get0_serialNumber(x));
    c.algorithm = algorithm_text(x);
    c.self_issued = x509_same_name(X509_get_subject_name(x), X509_get_issuer_name(x));
    c.not_before = seconds_of(X509_get0_notBefore(x));
    c.not_after = seconds_of(X509_get0_notAfter(x));
    r = c.subject && c.issuer && c.name && c.serial && c.algorithm ? 0 : -ENOMEM;
    if (r >= 0)
        r = describe_key_ids(x, &c);
    if (r >= 0)
        r = describe_der(x, &c);
    if (r >= 0)
        r = describe_tbs_hash(x, &c);
    if (r < 0) {
        certificate_done(&c);
        return r;
    }
    *ret = c;
    return 0;
}

bool x509_same_name(const X509_NAME *a, const X509_NAME *b) {
    const unsigned char *der_a, *der_b;
    size_t size_a, size_b;

    return X509_NAME_get0_der(a, &der_a, &size_a) && X509_NAME_get0_der(b, &der_b, &size_b) &&
           size_a == size_b && memcmp(der_a, der_b, size_a) == 0;
}

static int read_der(const void *data, size_t size, STACK_OF(X509) *s, const char **ret_reason) {
    const unsigned char *next = data, *end = next + size;
    _cleanup_(X509_freep) X509 *x = d2i_X509(NULL, &next, (long) size);

    *ret_reason = !x ? "it is not a certificate in DER or PEM" :
                  next != end ? "there are data after the certificate" : NULL;
    if (*ret_reason)
        return -EBADMSG;
    if (!sk_X509_push(s, x))
        return -ENOMEM;
    (void) TAKE_PTR(x);
    return 0;
}

/* OpenSSL would ask for the passphrase of an encrypted certificate on the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *userdata) {
    return -1;
}

static int read_pem(const void *data, size_t size, STACK_OF(X509) *s, const char **ret_reason) {
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new_mem_buf(data, (int) size);
    bool any = false, at_end;

    if (!bio)
        return -ENOMEM;
    for (;;) {
        _cleanup_(X509_freep) X509 *x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);

        if (!x)
            break;
        if (!sk_X509_push(s, x))
            return -ENOMEM;
        (void) TAKE_PTR(x);
        any = true;
    }
    at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    *ret_reason = !at_end ? "it contains a certificate that cannot be read" : "it contains no "
                                                                              "certificate";
    return any && at_end ? 0 : -EBADMSG;
}

bool x509_is_pem(const void *data, size_t size) {
    return memmem(data, size, PEM_MARK, STRLEN(PEM_MARK));
}

int x509_read_file(const void *data, size_t size, STACK_OF(X509) *s, const char **ret_reason) {
    if (size > PARSER_FILE_SIZE_MAX) {
        *ret_reason = "it is longer than 1 MiB";
        return -EBADMSG;
    }
    if (x509_is_pem(data, size))
        return read_pem(data, size, s, ret_reason);
    return read_der(data, size, s, ret_reason);
}
