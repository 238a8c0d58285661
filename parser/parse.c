/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "parse.h"
#include "random.h"
#include "signature.h"
#include "verify.h"
#include "x509.h"

struct span {
    const void *data; /* NULL: none */
    size_t size;
};

struct input {
    struct span signature, data;
    struct span files[PARSER_FILES_MAX];
    size_t n_files;
};

struct state {
    struct pkcs7 p;
    STACK_OF(X509) *x509s; /* the i-th is p.certificates[i] */
    CMS_ContentInfo *cms;
    struct parser_answer answer;
};

void parse_init(void) {
    (void) OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
                                   OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                                   OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_ATEXIT,
                               NULL);
    random_replace();
}

static int note_record(uint32_t type, const struct parser_bytes *content, struct input *in) {
    struct span *to;

    switch (type) {
    case PARSER_RECORD_SIGNATURE:
        to = &in->signature;
        break;
    case PARSER_RECORD_DATA:
        to = &in->data;
        break;
    case PARSER_RECORD_CERTIFICATE:
        if (in->n_files == PARSER_FILES_MAX)
            return -EBADMSG;
        to = &in->files[in->n_files++];
        break;
    default:
        return -EBADMSG;
    }
    if (to->data)
        return -EBADMSG;
    *to = (struct span){ .data = content->next, .size = parser_bytes_left(content) };
    return 0;
}

static int read_records(const void *input, size_t size, struct input *in) {
    struct parser_bytes bytes = { input, (const char *) input + size }, content;
    uint32_t type;
    int r;

    while ((r = parser_record_take(&bytes, &type, &content)) > 0) {
        r = note_record(type, &content, in);
        if (r < 0)
            return r;
    }
    return r;
}

static int add_certificate(struct state *s, X509 *x, size_t source) {
    struct certificate *grown;
    int r;

    grown = reallocarray(s->p.certificates, s->p.n_certificates + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->p.certificates = grown;
    r = x509_describe(x, &grown[s->p.n_certificates]);
    if (r < 0)
        return r;
    grown[s->p.n_certificates++].source = source;
    if (!sk_X509_push(s->x509s, x))
        return -ENOMEM;
    (void) X509_up_ref(x);
    return 0;
}

/* 1 if there was room for all of them, else 0. */
static int add_certificates(struct state *s, STACK_OF(X509) *x509s, size_t source) {
    int r = 0, n = sk_X509_num(x509s);

    for (int i = 0; i < n && r >= 0; i++) {
        if (s->p.n_certificates == PARSER_CERTIFICATES_MAX)
            return 0;
        r = add_certificate(s, sk_X509_value(x509s, i), source);
    }
    return r < 0 ? r : 1;
}

static int read_signature(struct state *s, const struct span *signature, struct error *e) {
    _cleanup_(x509_stack_freep) STACK_OF(X509) *x509s = NULL;
    int r;

    r = signature_parse(signature->data, signature->size, &s->cms, e);
    if (r < 0)
        return r;
    r = signature_describe(s->cms, &s->p, e);
    if (r < 0)
        return r;
    x509s = CMS_get1_certs(s->cms); /* NULL if there are none */
    r = add_certificates(s, x509s, SIZE_MAX);
    if (r == 0)
        return error_set(e, -EBADMSG, EXIT_STATUS_REFUSED, "it contains more than %zu certificates",
                         PARSER_CERTIFICATES_MAX);
    return r < 0 ? r : 0;
}

static int read_file(struct state *s, const struct span *file, size_t source) {
    _cleanup_(x509_stack_freep) STACK_OF(X509) *x509s = sk_X509_new_null();
    const char *reason;
    int r, all;

    if (!x509s)
        return -ENOMEM;
    ERR_clear_error();
    r = x509_read_file(file->data, file->size, x509s, &reason);
    if (r == -ENOMEM)
        return r;
    all = add_certificates(s, x509s, source);
    if (all < 0)
        return all;
    if (r >= 0 && all)
        return 0;
    return parser_answer_add_unreadable(&s->answer, source,
                                        all ? reason : "there are more than 512 certificates");
}

/* Decoding the key of one certificate takes OpenSSL longer than everything else here. A machine's
 * firmware contains several, and for a load only the signer's matter. */
static bool matters(const struct state *s, const struct input *in, const struct span *file) {
    if (!in->signature.data || in->data.data || x509_is_pem(file->data, file->size))
        return true;
    for (size_t i = 0; i < s->p.n_signers; i++)
        if (signature_may_know(
                sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(s->cms), (int) i), file->data, file->size))
            return true;
    return false;
}

static int read_files(struct state *s, const struct input *in) {
    int r = 0;

    for (size_t i = 0; i < in->n_files && r >= 0; i++)
        if (matters(s, in, &in->files[i]))
            r = read_file(s, &in->files[i], i);
    return r;
}

static int match_signer(struct state *s, CMS_SignerInfo *info, struct signer *signer) {
    signer->certificates = calloc(s->p.n_certificates ?: 1, sizeof(size_t));
    if (!signer->certificates)
        return -ENOMEM;
    for (size_t i = 0; i < s->p.n_certificates; i++)
        if (signature_may_be_by(info, sk_X509_value(s->x509s, (int) i), &s->p.certificates[i]))
            signer->certificates[signer->n_certificates++] = i;
    return 0;
}

static int answer(struct state *s, const struct input *in, struct error *e) {
    int r = 0;

    if (in->signature.data)
        r = read_signature(s, &in->signature, e);
    if (r >= 0)
        r = read_files(s, in);
    for (size_t i = 0; i < s->p.n_signers && r >= 0; i++)
        r = match_signer(s, sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(s->cms), (int) i),
                         &s->p.signers[i]);
    if (r < 0 || !in->data.data)
        return r;
    r = verify_digest(&s->p, in->data.data, in->data.size);
    if (r >= 0)
        verify_signers(&s->p, s->x509s);
    return r;
}

static int complete(struct state *s) {
    int r;

    r = parser_answer_add_pkcs7(&s->answer, &s->p);
    return r < 0 ? r : parser_answer_end(&s->answer);
}

static void state_done(struct state *s) {
    pkcs7_done(&s->p);
    x509_stack_free(s->x509s);
    CMS_ContentInfo_free(s->cms);
    parser_answer_done(&s->answer);
}

int parse(const void *input, size_t size, struct parser_answer *ret) {
    _cleanup_(state_done) struct state s = { .x509s = sk_X509_new_null() };
    _cleanup_(error_done) struct error e = ERROR_NULL;
    struct input in = {};
    int r;

    parse_init();
    if (!s.x509s)
        return -ENOMEM;
    r = read_records(input, size, &in);
    if (r < 0)
        return r;
    r = answer(&s, &in, &e);
    if (r >= 0)
        r = complete(&s);
    if (r == -EBADMSG)
        r = parser_answer_refuse(&s.answer, error_message(&e, r));
    else if (r == -EFBIG)
        r = parser_answer_refuse(&s.answer, "the answer would be longer than 8 MiB");
    if (r >= 0)
        *ret = TAKE_STRUCT(s.answer);
    return r;
}
