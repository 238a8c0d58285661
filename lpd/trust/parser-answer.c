/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/hex.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "trust/parser-answer.h"

enum kind {
    KIND_TEXT,     /* char *, untrusted text */
    KIND_HEX,      /* char *, hex */
    KIND_HASH,     /* char *, as used in the kernel's "hash=…" */
    KIND_ENCODING, /* const char * */
    KIND_BYTES,    /* void *, followed by a size_t */
    KIND_BOOL,     /* one byte */
    KIND_TIME,     /* int64_t */
    KIND_INDEX,    /* size_t, as uint32_t; SIZE_MAX is left out */
    KIND_INDICES,  /* size_t *, followed by their number; as uint32_t each */
};

/* The n-th field of an object is a record of type n, counted from 1. Fields come in this order;
 * fields that are NULL are left out. */
struct field {
    enum kind kind;
    bool optional;
    size_t offset;
};

struct unreadable {
    size_t source;
    char *reason;
};

#define FIELD(type, member, kind) { kind, false, offsetof(type, member) }
#define OPTIONAL(type, member, kind) { kind, true, offsetof(type, member) }

static const struct field certificate_fields[] = {
    OPTIONAL(struct certificate, source, KIND_INDEX),
    FIELD(struct certificate, subject, KIND_TEXT),
    FIELD(struct certificate, issuer, KIND_TEXT),
    FIELD(struct certificate, name, KIND_TEXT),
    FIELD(struct certificate, serial, KIND_HEX),
    OPTIONAL(struct certificate, key_id, KIND_HEX),
    OPTIONAL(struct certificate, authority_key_id, KIND_HEX),
    FIELD(struct certificate, algorithm, KIND_TEXT),
    OPTIONAL(struct certificate, tbs_hash, KIND_HEX),
    FIELD(struct certificate, self_issued, KIND_BOOL),
    FIELD(struct certificate, not_before, KIND_TIME),
    FIELD(struct certificate, not_after, KIND_TIME),
    FIELD(struct certificate, der, KIND_BYTES),
};

static const struct field signer_fields[] = {
    OPTIONAL(struct signer, issuer, KIND_TEXT),
    OPTIONAL(struct signer, serial, KIND_HEX),
    OPTIONAL(struct signer, key_id, KIND_HEX),
    FIELD(struct signer, hash, KIND_HASH),
    OPTIONAL(struct signer, encoding, KIND_ENCODING),
    FIELD(struct signer, signed_attributes, KIND_BOOL),
    FIELD(struct signer, value, KIND_BYTES),
    OPTIONAL(struct signer, digest, KIND_BYTES),
    FIELD(struct signer, certificates, KIND_INDICES),
    OPTIONAL(struct signer, verified_by, KIND_INDEX),
};

static const struct field unreadable_fields[] = {
    FIELD(struct unreadable, source, KIND_INDEX),
    FIELD(struct unreadable, reason, KIND_TEXT),
};

/* The size member must follow its data member. */
_Static_assert(offsetof(struct certificate, der_size) ==
                   offsetof(struct certificate, der) + sizeof(void *), "");
_Static_assert(offsetof(struct signer, value_size) ==
                   offsetof(struct signer, value) + sizeof(void *), "");
_Static_assert(offsetof(struct signer, digest_size) ==
                   offsetof(struct signer, digest) + sizeof(void *), "");
_Static_assert(offsetof(struct signer, n_certificates) ==
                   offsetof(struct signer, certificates) + sizeof(void *), "");

static const char *const encodings[] = { "pkcs1", "x962" };

/* Writing. */

void parser_answer_done(struct parser_answer *a) {
    free(a->data);
    *a = (struct parser_answer){};
}

static int append(struct parser_answer *a, const void *data, size_t size) {
    if (size > PARSER_ANSWER_SIZE_MAX - a->size)
        return -EFBIG;
    if (size > a->room - a->size) {
        size_t room = MAX(2 * a->room, a->size + size);
        char *grown = realloc(a->data, room);

        if (!grown)
            return -ENOMEM;
        a->data = grown;
        a->room = room;
    }
    if (size > 0)
        memcpy(a->data + a->size, data, size);
    a->size += size;
    return 0;
}

static int append_record(struct parser_answer *a, uint32_t type, const void *data, size_t size) {
    const struct parser_record record = { .type = type, .size = size };
    int r;

    r = append(a, &record, sizeof(record));
    return r < 0 ? r : append(a, data, size);
}

/* Ends the record that began at that offset. */
static void close_record(struct parser_answer *a, size_t start) {
    struct parser_record record;

    memcpy(&record, a->data + start, sizeof(record));
    record.size = a->size - start - sizeof(record);
    memcpy(a->data + start, &record, sizeof(record));
}

static int append_index(struct parser_answer *a, uint32_t type, size_t index) {
    uint32_t value = (uint32_t) index;

    return index == SIZE_MAX ? 0 : append_record(a, type, &value, sizeof(value));
}

static int append_indices(struct parser_answer *a, uint32_t type, const size_t *indices, size_t n) {
    size_t start = a->size;
    int r;

    r = append_record(a, type, NULL, 0);
    for (size_t i = 0; i < n && r >= 0; i++) {
        uint32_t value = (uint32_t) indices[i];

        r = append(a, &value, sizeof(value));
    }
    if (r >= 0)
        close_record(a, start);
    return r;
}

static int append_field(struct parser_answer *a, uint32_t type, enum kind kind, const void *at) {
    void *const *pointer = at;
    const size_t *size = (const size_t *) (pointer + 1);

    switch (kind) {
    case KIND_TEXT:
    case KIND_HEX:
    case KIND_HASH:
    case KIND_ENCODING:
        return *pointer ? append_record(a, type, *pointer, strlen(*pointer)) : 0;
    case KIND_BYTES:
        return *pointer ? append_record(a, type, *pointer, *size) : 0;
    case KIND_BOOL:
        return append_record(a, type, at, sizeof(bool));
    case KIND_TIME:
        return append_record(a, type, at, sizeof(int64_t));
    case KIND_INDEX:
        return append_index(a, type, *(const size_t *) at);
    case KIND_INDICES:
        return append_indices(a, type, *pointer, *size);
    }
    return -EINVAL;
}

static int append_object(struct parser_answer *a, enum parser_answer_type type, const void *o,
                         const struct field *fields, size_t n_fields) {
    size_t start = a->size;
    int r;

    r = append_record(a, type, NULL, 0);
    for (size_t i = 0; i < n_fields && r >= 0; i++)
        r = append_field(a, (uint32_t) i + 1, fields[i].kind, (const char *) o + fields[i].offset);
    if (r >= 0)
        close_record(a, start);
    return r;
}

int parser_answer_add_unreadable(struct parser_answer *a, size_t source, const char *reason) {
    const struct unreadable u = { source, (char *) reason };

    return append_object(a, PARSER_ANSWER_UNREADABLE, &u, unreadable_fields,
                         ELEMENTSOF(unreadable_fields));
}

int parser_answer_add_pkcs7(struct parser_answer *a, const struct pkcs7 *p) {
    int r = 0;

    for (size_t i = 0; i < p->n_signers && r >= 0; i++)
        r = append_object(a, PARSER_ANSWER_SIGNER, &p->signers[i], signer_fields,
                          ELEMENTSOF(signer_fields));
    for (size_t i = 0; i < p->n_certificates && r >= 0; i++)
        r = append_object(a, PARSER_ANSWER_CERTIFICATE, &p->certificates[i], certificate_fields,
                          ELEMENTSOF(certificate_fields));
    return r;
}

int parser_answer_end(struct parser_answer *a) {
    return append_record(a, PARSER_ANSWER_END, NULL, 0);
}

int parser_answer_refuse(struct parser_answer *a, const char *reason) {
    int r;

    a->size = 0;
    r = append_record(a, PARSER_ANSWER_REFUSED, reason, strlen(reason));
    return r < 0 ? r : parser_answer_end(a);
}

/* Reading. Anything invalid is -EPROTO. */

static int read_text(const struct parser_bytes *value, char **ret) {
    size_t size = parser_bytes_left(value);
    char *copy;

    if (memchr(value->next, '\0', size))
        return -EPROTO;
    copy = strndup(value->next, size);
    if (!copy)
        return -ENOMEM;
    *ret = utf8_make_printable(copy);
    return 0;
}

static int read_hex(const struct parser_bytes *value, char **ret) {
    _cleanup_free_ char *text = NULL;
    int r;

    r = read_text(value, &text);
    if (r < 0)
        return r;
    if (!hex_is_valid(text))
        return -EPROTO;
    *ret = TAKE_PTR(text);
    return 0;
}

static int read_word(const struct parser_bytes *value, const char *characters, size_t max, char **ret) {
    _cleanup_free_ char *text = NULL;
    int r;

    r = read_text(value, &text);
    if (r < 0)
        return r;
    if (strlen(text) > max || text[strspn(text, characters)] != '\0')
        return -EPROTO;
    *ret = TAKE_PTR(text);
    return 0;
}

static int read_encoding(const struct parser_bytes *value, const char **ret) {
    for (size_t i = 0; i < ELEMENTSOF(encodings); i++)
        if (parser_bytes_left(value) == strlen(encodings[i]) &&
            memcmp(value->next, encodings[i], strlen(encodings[i])) == 0) {
            *ret = encodings[i];
            return 0;
        }
    return -EPROTO;
}

static int read_bytes(const struct parser_bytes *value, void **ret, size_t *ret_size) {
    size_t size = parser_bytes_left(value);

    *ret = malloc(size ?: 1);
    if (!*ret)
        return -ENOMEM;
    memcpy(*ret, value->next, size);
    *ret_size = size;
    return 0;
}

/* Reads a number of exactly that size. */
static int read_number(const struct parser_bytes *value, void *ret, size_t size) {
    if (parser_bytes_left(value) != size)
        return -EPROTO;
    memcpy(ret, value->next, size);
    return 0;
}

static int read_bool(const struct parser_bytes *value, bool *ret) {
    uint8_t byte;

    if (read_number(value, &byte, sizeof(byte)) < 0 || byte > 1)
        return -EPROTO;
    *ret = byte;
    return 0;
}

static int read_index(const struct parser_bytes *value, size_t *ret) {
    uint32_t index;

    if (read_number(value, &index, sizeof(index)) < 0 || index > INT32_MAX)
        return -EPROTO;
    *ret = index;
    return 0;
}

static int read_indices(const struct parser_bytes *value, size_t **ret, size_t *ret_n) {
    size_t n = parser_bytes_left(value) / sizeof(uint32_t);

    if (parser_bytes_left(value) % sizeof(uint32_t) != 0 || n > PARSER_CERTIFICATES_MAX)
        return -EPROTO;
    *ret = calloc(n ?: 1, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        uint32_t index;

        memcpy(&index, value->next + i * sizeof(index), sizeof(index));
        (*ret)[i] = index;
    }
    *ret_n = n;
    return 0;
}

static int read_value(const struct parser_bytes *value, enum kind kind, void *at) {
    switch (kind) {
    case KIND_TEXT:
        return read_text(value, at);
    case KIND_HEX:
        return read_hex(value, at);
    case KIND_HASH:
        return read_word(value, "abcdefghijklmnopqrstuvwxyz0123456789.-", 64, at);
    case KIND_ENCODING:
        return read_encoding(value, at);
    case KIND_BYTES:
        return read_bytes(value, at, (size_t *) ((void **) at + 1));
    case KIND_BOOL:
        return read_bool(value, at);
    case KIND_TIME:
        return read_number(value, at, sizeof(int64_t));
    case KIND_INDEX:
        return read_index(value, at);
    case KIND_INDICES:
        return read_indices(value, at, (size_t *) ((void **) at + 1));
    }
    return -EPROTO;
}

/* Whether all fields from index from to index to, exclusive, are optional. */
static bool may_miss(const struct field *fields, size_t from, size_t to) {
    for (; from < to; from++)
        if (!fields[from].optional)
            return false;
    return true;
}

/* After a failure o still owns what was read before. */
static int read_object(struct parser_bytes content, const struct field *fields, size_t n_fields, void *o) {
    struct parser_bytes value;
    size_t next = 0;
    uint32_t type;
    int r;

    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].kind == KIND_INDEX)
            *(size_t *) ((char *) o + fields[i].offset) = SIZE_MAX;
    while ((r = parser_record_take(&content, &type, &value)) > 0) {
        if (type <= next || type > n_fields || !may_miss(fields, next, type - 1))
            return -EPROTO;
        next = type;
        r = read_value(&value, fields[type - 1].kind, (char *) o + fields[type - 1].offset);
        if (r < 0)
            return r;
    }
    return r < 0 || !may_miss(fields, next, n_fields) ? -EPROTO : 0;
}

/* Appends a zeroed member to a list with that maximum. */
static int grow(void *list, size_t *n, size_t max, size_t size, void **ret) {
    char *grown;

    if (*n == max)
        return -EPROTO;
    grown = reallocarray(*(void **) list, *n + 1, size);
    if (!grown)
        return -ENOMEM;
    *(void **) list = grown;
    *ret = memset(grown + (*n)++ * size, 0, size);
    return 0;
}

static int read_signer(const struct parser_bytes *content, struct pkcs7 *p) {
    void *signer = NULL;
    int r;

    r = grow(&p->signers, &p->n_signers, PARSER_SIGNERS_MAX, sizeof(*p->signers), &signer);
    return r < 0 ? r : read_object(*content, signer_fields, ELEMENTSOF(signer_fields), signer);
}

static int read_certificate(const struct parser_bytes *content, struct pkcs7 *p) {
    void *certificate = NULL;
    int r;

    r = grow(&p->certificates, &p->n_certificates, PARSER_CERTIFICATES_MAX, sizeof(*p->certificates),
             &certificate);
    if (r < 0)
        return r;
    return read_object(*content, certificate_fields, ELEMENTSOF(certificate_fields), certificate);
}

static int read_unreadable(const struct parser_bytes *content, const struct certificate_files *files,
                           struct pkcs7 *p) {
    struct unreadable u = {};
    char *line = NULL;
    int r;

    r = read_object(*content, unreadable_fields, ELEMENTSOF(unreadable_fields), &u);
    if (r >= 0 && (!files || u.source >= files->n_files || strv_length(p->unreadable) >= PARSER_FILES_MAX))
        r = -EPROTO;
    if (r >= 0 && asprintf(&line, "%s: %s", files->files[u.source].path, u.reason) < 0)
        r = -ENOMEM;
    free(u.reason);
    return r < 0 ? r : strv_consume(&p->unreadable, line);
}

/* A refusal cannot be part of another answer. */
static int read_record(uint32_t type, const struct parser_bytes *content,
                       const struct certificate_files *files, struct pkcs7 *p) {
    switch (type) {
    case PARSER_ANSWER_SIGNER:
        return read_signer(content, p);
    case PARSER_ANSWER_CERTIFICATE:
        return read_certificate(content, p);
    case PARSER_ANSWER_UNREADABLE:
        return read_unreadable(content, files, p);
    default:
        return -EPROTO;
    }
}

/* 0 if this is the end record and nothing follows it. */
static int read_end(uint32_t type, const struct parser_bytes *content, const struct parser_bytes *rest) {
    bool ends = type == PARSER_ANSWER_END && parser_bytes_left(content) == 0;

    return ends && parser_bytes_left(rest) == 0 ? 0 : -EPROTO;
}

static int read_refusal(struct parser_bytes rest, const struct parser_bytes *text, char **ret) {
    struct parser_bytes content;
    uint32_t type;

    if (parser_record_take(&rest, &type, &content) <= 0 || read_end(type, &content, &rest) < 0)
        return -EPROTO;
    return read_text(text, ret);
}

/* Sets *ret_refusal if the answer is a refusal. */
static int read_records(struct parser_bytes bytes, const struct certificate_files *files,
                        struct pkcs7 *p, char **ret_refusal) {
    struct parser_bytes content;
    bool first = true;
    uint32_t type;

    while (parser_record_take(&bytes, &type, &content) > 0) {
        int r;

        if (type == PARSER_ANSWER_END)
            return read_end(type, &content, &bytes);
        if (first && type == PARSER_ANSWER_REFUSED)
            return read_refusal(bytes, &content, ret_refusal);
        first = false;
        r = read_record(type, &content, files, p);
        if (r < 0)
            return r;
    }
    return -EPROTO; /* the end is missing */
}

static bool has_index(const struct signer *s, size_t index) {
    for (size_t i = 0; i < s->n_certificates; i++)
        if (s->certificates[i] == index)
            return true;
    return false;
}

static bool signer_is_sound(const struct signer *s, size_t n_certificates) {
    for (size_t i = 0; i < s->n_certificates; i++)
        if (s->certificates[i] >= n_certificates)
            return false;
    return (s->key_id || (s->issuer && s->serial)) &&
           (s->verified_by == SIZE_MAX || has_index(s, s->verified_by));
}

static bool is_sound(const struct pkcs7 *p, const struct certificate_files *files) {
    size_t n_files = files ? files->n_files : 0;

    for (size_t i = 0; i < p->n_certificates; i++)
        if (p->certificates[i].source != SIZE_MAX && p->certificates[i].source >= n_files)
            return false;
    for (size_t i = 0; i < p->n_signers; i++)
        if (!signer_is_sound(&p->signers[i], p->n_certificates))
            return false;
    return true;
}

int parser_answer_read(const void *data, size_t size, const struct certificate_files *files,
                       struct pkcs7 *ret, struct error *e) {
    const struct parser_bytes bytes = { data, (const char *) data + size };
    _cleanup_(pkcs7_done) struct pkcs7 p = {};
    _cleanup_free_ char *refusal = NULL;
    int r;

    r = size > PARSER_ANSWER_SIZE_MAX ? -EPROTO : read_records(bytes, files, &p, &refusal);
    if (r >= 0 && refusal)
        return error_set(e, -EBADMSG, EXIT_STATUS_REFUSED, "the signature cannot be used: %s", refusal);
    if (r >= 0 && !is_sound(&p, files))
        r = -EPROTO;
    if (r == -EPROTO)
        return error_set(e, r, EXIT_STATUS_FAILED, "the answer of lpd-parser is invalid");
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(p);
    return 0;
}
