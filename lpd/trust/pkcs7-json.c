/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/hex.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "trust/parser-format.h"
#include "trust/pkcs7-json.h"

/* Two lists of objects with a dozen members each, and 512 certificates with 64 signers that may be
 * each of them: what is more is an attack on our memory. A JSON object takes a hundred times its
 * text. */
#define COMMAS_MAX (64 * 1024)
#define BRACKETS_MAX 2048
#define DEPTH_MAX 6

DEFINE_TRIVIAL_CLEANUP_FUNC(json_object *, json_object_put)
DEFINE_TRIVIAL_CLEANUP_FUNC(json_tokener *, json_tokener_free)

enum kind {
    KIND_TEXT,     /* char *, of anybody's making */
    KIND_HEX,      /* char *, stays hex */
    KIND_HASH,     /* char *, as it goes into the kernel's "hash=…" */
    KIND_ENCODING, /* const char * */
    KIND_BYTES,    /* void *, with a size_t behind it */
    KIND_BOOL,
    KIND_TIME,     /* int64_t */
    KIND_INDEX,    /* size_t */
    KIND_INDICES,  /* size_t *, with their number behind it */
};

struct field {
    const char *key;
    enum kind kind;
    bool optional;
    size_t offset;
};

#define FIELD(type, member, kind) { #member, kind, false, offsetof(type, member) }
#define OPTIONAL(type, member, kind) { #member, kind, true, offsetof(type, member) }

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

/* Their members are one behind the other. */
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

static json_object *new_hex(const void *data, size_t size) {
    _cleanup_free_ char *hex = data ? hex_encode(data, size) : NULL;

    return hex ? json_object_new_string(hex) : NULL;
}

static json_object *new_indices(const size_t *indices, size_t n) {
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < n; i++)
        json_object_array_add(array, json_object_new_uint64(indices[i]));
    return array;
}

static json_object *new_index(size_t index) {
    return index == SIZE_MAX ? NULL : json_object_new_uint64(index);
}

static json_object *new_value(const void *at, enum kind kind) {
    void *const *pointer = at;
    const size_t *size = (const size_t *) (pointer + 1);

    switch (kind) {
    case KIND_TEXT:
    case KIND_HEX:
    case KIND_HASH:
    case KIND_ENCODING:
        return *pointer ? json_object_new_string(*pointer) : NULL;
    case KIND_BYTES:
        return new_hex(*pointer, *size);
    case KIND_BOOL:
        return json_object_new_boolean(*(const bool *) at);
    case KIND_TIME:
        return json_object_new_int64(*(const int64_t *) at);
    case KIND_INDEX:
        return new_index(*(const size_t *) at);
    case KIND_INDICES:
        return new_indices(*pointer, *size);
    }
    return NULL;
}

static json_object *new_object(const void *o, const struct field *fields, size_t n_fields) {
    json_object *object = json_object_new_object();

    for (size_t i = 0; i < n_fields; i++)
        json_object_object_add(object, fields[i].key,
                               new_value((const char *) o + fields[i].offset, fields[i].kind));
    return object;
}

json_object *pkcs7_to_json(const struct pkcs7 *p) {
    json_object *o = json_object_new_object(), *signers = json_object_new_array(),
                *certificates = json_object_new_array();

    for (size_t i = 0; i < p->n_signers; i++)
        json_object_array_add(signers,
                              new_object(&p->signers[i], signer_fields, ELEMENTSOF(signer_fields)));
    for (size_t i = 0; i < p->n_certificates; i++)
        json_object_array_add(certificates, new_object(&p->certificates[i], certificate_fields,
                                                       ELEMENTSOF(certificate_fields)));
    json_object_object_add(o, "signers", signers);
    json_object_object_add(o, "certificates", certificates);
    return o;
}

/* Reading. Whatever is not as it should be is -EPROTO. */

/* The string in v, or NULL if it is none, or holds a NUL. */
static const char *string_of(json_object *v) {
    const char *s;

    if (!json_object_is_type(v, json_type_string))
        return NULL;
    s = json_object_get_string(v);
    return strlen(s) == (size_t) json_object_get_string_len(v) ? s : NULL;
}

static int read_text(json_object *v, char **ret) {
    const char *s = string_of(v);
    char *copy;

    if (!s)
        return -EPROTO;
    copy = strdup(s);
    if (!copy)
        return -ENOMEM;
    *ret = utf8_make_printable(copy);
    return 0;
}

static int read_word(json_object *v, const char *characters, size_t max, char **ret) {
    const char *s = string_of(v);

    if (!s || strlen(s) > max || s[strspn(s, characters)] != '\0')
        return -EPROTO;
    *ret = strdup(s);
    return *ret ? 0 : -ENOMEM;
}

static int read_encoding(json_object *v, const char **ret) {
    const char *s = string_of(v);

    for (size_t i = 0; i < ELEMENTSOF(encodings); i++)
        if (s && streq(s, encodings[i])) {
            *ret = encodings[i];
            return 0;
        }
    return -EPROTO;
}

static int read_bytes(json_object *v, void **ret, size_t *ret_size) {
    const char *s = string_of(v);
    int r = s ? hex_decode(s, ret, ret_size) : -EPROTO;

    return r == -EINVAL ? -EPROTO : r;
}

static int read_index(json_object *v, size_t *ret) {
    int64_t n;

    if (!json_object_is_type(v, json_type_int))
        return -EPROTO;
    n = json_object_get_int64(v);
    if (n < 0 || n > INT32_MAX)
        return -EPROTO;
    *ret = (size_t) n;
    return 0;
}

static int read_indices(json_object *v, size_t **ret, size_t *ret_n) {
    size_t n;
    int r = 0;

    if (!json_object_is_type(v, json_type_array))
        return -EPROTO;
    n = json_object_array_length(v);
    *ret = calloc(n ?: 1, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    for (size_t i = 0; i < n && r >= 0; i++)
        r = read_index(json_object_array_get_idx(v, i), &(*ret)[i]);
    *ret_n = n;
    return r;
}

static int read_value(json_object *v, enum kind kind, void *at) {
    switch (kind) {
    case KIND_TEXT:
        return read_text(v, at);
    case KIND_HEX:
        return hex_is_valid(string_of(v) ?: "?") ? read_text(v, at) : -EPROTO;
    case KIND_HASH:
        return read_word(v, "abcdefghijklmnopqrstuvwxyz0123456789.-", 64, at);
    case KIND_ENCODING:
        return read_encoding(v, at);
    case KIND_BYTES:
        return read_bytes(v, at, (size_t *) ((void **) at + 1));
    case KIND_INDEX:
        return read_index(v, at);
    case KIND_INDICES:
        return read_indices(v, at, (size_t *) ((void **) at + 1));
    case KIND_BOOL:
        *(bool *) at = json_object_get_boolean(v);
        return json_object_is_type(v, json_type_boolean) ? 0 : -EPROTO;
    case KIND_TIME:
        *(int64_t *) at = json_object_get_int64(v);
        return json_object_is_type(v, json_type_int) ? 0 : -EPROTO;
    }
    return -EPROTO;
}

static int read_field(json_object *o, const struct field *f, void *at) {
    json_object *v = json_object_object_get(o, f->key);

    if (v)
        return read_value(v, f->kind, at);
    if (f->kind == KIND_INDEX)
        *(size_t *) at = SIZE_MAX;
    return f->optional ? 0 : -EPROTO;
}

struct list {
    const char *key;
    size_t max;
    const struct field *fields;
    size_t n_fields, size;
};

static const struct list signer_list = { "signers", PARSER_SIGNERS_MAX, signer_fields,
                                         ELEMENTSOF(signer_fields), sizeof(struct signer) };
static const struct list certificate_list = { "certificates", PARSER_CERTIFICATES_MAX,
                                              certificate_fields, ELEMENTSOF(certificate_fields),
                                              sizeof(struct certificate) };

/* What was read before a failure stands in *ret, to be freed. */
static int read_list(json_object *root, const struct list *l, void *ret, size_t *ret_n) {
    json_object *array = json_object_object_get(root, l->key);
    char *members;
    int r = 0;

    if (!json_object_is_type(array, json_type_array) || json_object_array_length(array) > l->max)
        return -EPROTO;
    *ret_n = json_object_array_length(array);
    members = calloc(*ret_n + 1, l->size);
    if (!members)
        return -ENOMEM;
    *(void **) ret = members;
    for (size_t i = 0; i < *ret_n * l->n_fields && r >= 0; i++) {
        json_object *o = json_object_array_get_idx(array, i / l->n_fields);
        const struct field *f = &l->fields[i % l->n_fields];

        if (!json_object_is_type(o, json_type_object))
            return -EPROTO;
        r = read_field(o, f, members + i / l->n_fields * l->size + f->offset);
    }
    return r;
}

static int read_unreadable(json_object *root, const struct certificate_files *files,
                           struct pkcs7 *p) {
    json_object *array = json_object_object_get(root, "unreadable");
    size_t source;
    int r = 0;

    if (!json_object_is_type(array, json_type_array))
        return -EPROTO;
    for (size_t i = 0; i < json_object_array_length(array) && r >= 0; i++) {
        json_object *o = json_object_array_get_idx(array, i);
        _cleanup_free_ char *reason = NULL;
        char *line;

        if (!json_object_is_type(o, json_type_object))
            return -EPROTO;
        r = read_text(json_object_object_get(o, "reason"), &reason);
        if (r >= 0)
            r = read_index(json_object_object_get(o, "source"), &source);
        if (r < 0 || !files || source >= files->n_files)
            return r < 0 ? r : -EPROTO;
        if (asprintf(&line, "%s: %s", files->files[source].path, reason) < 0)
            return -ENOMEM;
        r = strv_consume(&p->unreadable, line);
    }
    return r;
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

static int read_answer(json_object *root, const struct certificate_files *files, struct pkcs7 *p) {
    int r;

    r = read_list(root, &signer_list, &p->signers, &p->n_signers);
    if (r >= 0)
        r = read_list(root, &certificate_list, &p->certificates, &p->n_certificates);
    if (r >= 0)
        r = read_unreadable(root, files, p);
    if (r >= 0 && !is_sound(p, files))
        return -EPROTO;
    return r;
}

/* Counts before any memory is taken; strings may count too. */
static bool is_modest(const char *text, size_t size) {
    size_t commas = 0, brackets = 0;

    for (size_t i = 0; i < size; i++) {
        commas += text[i] == ',';
        brackets += text[i] == '{' || text[i] == '[';
    }
    return size <= PARSER_ANSWER_SIZE_MAX && commas <= COMMAS_MAX && brackets <= BRACKETS_MAX;
}

static json_object *parse_text(const char *text, size_t size) {
    _cleanup_(json_tokener_freep) json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);

    /* json-c would stop at a NUL. */
    if (!tokener || !is_modest(text, size) || memchr(text, '\0', size))
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    return json_tokener_parse_ex(tokener, text, (int) size);
}

int pkcs7_from_json(const char *text, size_t size, const struct certificate_files *files,
                    struct pkcs7 *ret, struct error *e) {
    _cleanup_(json_object_putp) json_object *root = parse_text(text, size);
    _cleanup_(pkcs7_done) struct pkcs7 p = {};
    _cleanup_free_ char *refusal = NULL;
    int r;

    if (!json_object_is_type(root, json_type_object))
        r = -EPROTO;
    else if (read_text(json_object_object_get(root, "error"), &refusal) >= 0)
        return error_set(e, -EBADMSG, EXIT_STATUS_REFUSED, "the signature cannot be used: %s",
                         refusal);
    else
        r = read_answer(root, files, &p);
    if (r == -EPROTO)
        return error_set(e, r, EXIT_STATUS_FAILED, "lpd-parser answered nonsense");
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(p);
    return 0;
}
