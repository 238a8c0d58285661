/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "parse.h"
#include "signature.h"
#include "trust/parser-format.h"
#include "trust/pkcs7-json.h"
#include "verify.h"
#include "x509.h"

DEFINE_TRIVIAL_CLEANUP_FUNC(json_object *, json_object_put)

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
    json_object *unreadable;
};

void parse_init(void) {
    (void) OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
                                   OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                                   OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_ATEXIT,
                               NULL);
}

static int note_record(const struct parser_record *record, const void *data, struct input *in) {
    struct span *to;

    switch (record->type) {
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
    *to = (struct span){ .data = data, .size = (size_t) record->size };
    return 0;
}

static int read_records(const void *input, size_t size, struct input *in) {
    const char *next = input, *end = next + size;
    struct parser_record record;
    int r = 0;

    while (next < end && r >= 0) {
        if ((size_t) (end - next) < sizeof(record))
            return -EBADMSG;
        memcpy(&record, next, sizeof(record));
        next += sizeof(record);
        if (record.reserved != 0 || record.size > (size_t) (end - next))
            return -EBADMSG;
        r = note_record(&record, next, in);
        next += record.size;
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
        return error_set(e, -EBADMSG, EXIT_STATUS_REFUSED, "it holds more than %zu certificates",
                         PARSER_CERTIFICATES_MAX);
    return r < 0 ? r : 0;
}

static void note_unreadable(struct state *s, size_t source, const char *reason) {
    json_object *o = json_object_new_object();

    json_object_object_add(o, "source", json_object_new_uint64(source));
    json_object_object_add(o, "reason", json_object_new_string(reason));
    json_object_array_add(s->unreadable, o);
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
    if (r < 0 || !all)
        note_unreadable(s, source, all ? reason : "there are more than 512 certificates");
    return 0;
}

/* OpenSSL takes longer to decode the key of one certificate than all else here takes: a machine's
 * firmware holds several, and of a load only the signer's matter. */
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

static int print(json_object *o, char **ret_json, size_t *ret_size) {
    const char *text;
    size_t size;
    char *copy;

    text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &size);
    copy = text ? strdup(text) : NULL;
    if (!copy)
        return -ENOMEM;
    *ret_json = copy;
    *ret_size = size;
    return 0;
}

static int print_error(const char *message, char **ret_json, size_t *ret_size) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();

    json_object_object_add(o, "error", json_object_new_string(message));
    return print(o, ret_json, ret_size);
}

static int print_state(struct state *s, char **ret_json, size_t *ret_size) {
    _cleanup_(json_object_putp) json_object *o = pkcs7_to_json(&s->p);
    _cleanup_free_ char *json = NULL;
    size_t size;
    int r;

    json_object_object_add(o, "unreadable", json_object_get(s->unreadable));
    r = print(o, &json, &size);
    if (r < 0)
        return r;
    if (size >= PARSER_ANSWER_SIZE_MAX)
        return print_error("the answer would be longer than 8 MiB", ret_json, ret_size);
    *ret_json = TAKE_PTR(json);
    *ret_size = size;
    return 0;
}

static void state_done(struct state *s) {
    pkcs7_done(&s->p);
    x509_stack_free(s->x509s);
    CMS_ContentInfo_free(s->cms);
    json_object_put(s->unreadable);
}

int parse(const void *input, size_t size, char **ret_json, size_t *ret_size) {
    _cleanup_(state_done) struct state s = { .x509s = sk_X509_new_null(),
                                             .unreadable = json_object_new_array() };
    _cleanup_(error_done) struct error e = ERROR_NULL;
    struct input in = {};
    int r;

    parse_init();
    if (!s.x509s || !s.unreadable)
        return -ENOMEM;
    r = read_records(input, size, &in);
    if (r < 0)
        return r;
    r = answer(&s, &in, &e);
    if (r == -EBADMSG)
        return print_error(error_message(&e, r), ret_json, ret_size);
    return r < 0 ? r : print_state(&s, ret_json, ret_size);
}
