/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "der.h"
#include "form.h"

struct signed_data {
    unsigned version;
    struct der digests, certificates, signers; /* contents of these sets */
    bool revocations;
};

/* Returns 0 unless there is a version of a single byte. */
static unsigned take_version(struct der *d) {
    struct der integer;

    if (!der_take(d, DER_INTEGER, &integer) || integer.end - integer.next != 1)
        return 0;
    return *integer.next;
}

/* An AlgorithmIdentifier with the parameters of a digest: none, or NULL. */
static bool take_digest(struct der *d, struct der *ret_oid) {
    struct der algorithm, null;

    if (!der_take(d, DER_SEQUENCE, &algorithm) || !der_take(&algorithm, DER_OBJECT, ret_oid))
        return false;
    if (der_at_end(&algorithm))
        return true;
    return der_take(&algorithm, DER_NULL, &null) && der_at_end(&null) && der_at_end(&algorithm);
}

static const char *open_signed_data(const void *data, size_t size, struct signed_data *ret) {
    struct der root = { .next = data, .end = (const uint8_t *) data + size };
    struct der info, type, wrapper, s, skipped;

    if (!der_take(&root, DER_SEQUENCE, &info) || !der_take(&info, DER_OBJECT, &type) ||
        !der_take(&info, DER_TAGGED(0), &wrapper) || !der_take(&wrapper, DER_SEQUENCE, &s))
        return "it is malformed";
    if (!der_at_end(&root) || !der_at_end(&info) || !der_at_end(&wrapper))
        return "there are data after it";

    ret->version = take_version(&s);
    if (!der_take(&s, DER_SET, &ret->digests) || !der_take(&s, DER_SEQUENCE, &skipped))
        return "it is malformed";
    if (!der_take(&s, DER_TAGGED(0), &ret->certificates))
        ret->certificates = (struct der){};
    ret->revocations = der_take(&s, DER_TAGGED(1), &skipped);
    if (!der_take(&s, DER_SET, &ret->signers) || !der_at_end(&s))
        return "it is malformed";
    return NULL;
}

/* In version 1 a signer is named by issuer and serial, in version 3 by its key. The kernel checks
 * only the version, and refuses a message with both (pkcs7_note_signerinfo_version()). */
static const char *take_signer(struct der *signers, unsigned version, struct der *ret_digest) {
    uint8_t form = version == 1 ? DER_SEQUENCE : DER_TAGGED_PRIMITIVE(0);
    struct der signer, id;

    if (!der_take(signers, DER_SEQUENCE, &signer))
        return "it is malformed";
    if (take_version(&signer) != version)
        return "a signer's version does not match the version of the signature";
    if (!der_take(&signer, form, &id))
        return "a signer is not named as its version requires";
    if (!take_digest(&signer, ret_digest))
        return "a digest algorithm is malformed";
    return NULL;
}

static bool same(const struct der *a, const struct der *b) {
    return a->end - a->next == b->end - b->next &&
           memcmp(a->next, b->next, (size_t) (a->end - a->next)) == 0;
}

static bool is_used(const struct der *digest, const struct signed_data *s) {
    struct der signers = s->signers, used;

    while (!der_at_end(&signers))
        if (!take_signer(&signers, s->version, &used) && same(digest, &used))
            return true;
    return false;
}

static const char *signers_fault(const struct signed_data *s) {
    struct der signers = s->signers, digest;
    const char *fault = NULL;

    while (!der_at_end(&signers) && !fault)
        fault = take_signer(&signers, s->version, &digest);
    return fault;
}

static const char *digests_fault(const struct signed_data *s) {
    struct der digests = s->digests, digest;

    while (!der_at_end(&digests)) {
        if (!take_digest(&digests, &digest))
            return "a digest algorithm is malformed";
        if (!is_used(&digest, s))
            return "it lists a digest algorithm that no signer uses";
    }
    return NULL;
}

static const char *certificates_fault(const struct signed_data *s) {
    struct der certificates = s->certificates, certificate;

    while (!der_at_end(&certificates))
        if (!der_take(&certificates, DER_SEQUENCE, &certificate))
            return "there are entries other than certificates among its certificates";
    return NULL;
}

const char *form_fault(const void *der, size_t size) {
    struct signed_data s = {};
    const char *fault;

    fault = open_signed_data(der, size, &s);
    if (fault)
        return fault;
    if (s.version != 1 && s.version != 3)
        return "the kernel supports only versions 1 and 3";
    if (s.revocations)
        return "it contains revocation lists";
    fault = certificates_fault(&s);
    if (!fault)
        fault = signers_fault(&s);
    return fault ?: digests_fault(&s);
}
