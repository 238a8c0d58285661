/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "hash.h"
#include "verify.h"

DEFINE_TRIVIAL_CLEANUP_FUNC(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

static int set_digest(struct signer *s, const void *digest, size_t size) {
    s->digest = malloc(size);
    if (!s->digest)
        return -ENOMEM;
    memcpy(s->digest, digest, size);
    s->digest_size = size;
    return 0;
}

/* There are many signers but few hashes: each is computed once. */
static int digest_by(struct hash *hash, struct pkcs7 *p, const void *data, size_t size) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    int r = 0;

    for (size_t i = 0; i < p->n_signers && r >= 0; i++) {
        if (!streq(p->signers[i].hash, hash->name))
            continue;
        if (!hash_md(hash))
            return 0;
        if (digest_size == 0 && !EVP_Digest(data, size, digest, &digest_size, hash_md(hash), NULL))
            return -ENOMEM;
        r = set_digest(&p->signers[i], digest, digest_size);
    }
    return r;
}

int verify_digest(struct pkcs7 *p, const void *data, size_t size) {
    struct hash *hash;
    int r = 0;

    for (size_t i = 0; (hash = hash_at(i)) && r >= 0; i++)
        r = digest_by(hash, p, data, size);
    return r;
}

static const EVP_MD *md_named(const char *name) {
    struct hash *hash;

    for (size_t i = 0; (hash = hash_at(i)); i++)
        if (streq(hash->name, name))
            return hash_md(hash);
    return NULL;
}

static bool made_by(const struct signer *s, EVP_PKEY *key) {
    bool rsa = streq(s->encoding, "pkcs1");
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = NULL;

    if (!key || EVP_PKEY_get_base_id(key) != (rsa ? EVP_PKEY_RSA : EVP_PKEY_EC))
        return false;
    context = EVP_PKEY_CTX_new(key, NULL);
    return context && EVP_PKEY_verify_init(context) > 0 &&
           (!rsa || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0) &&
           EVP_PKEY_CTX_set_signature_md(context, md_named(s->hash)) > 0 &&
           EVP_PKEY_verify(context, s->value, s->value_size, s->digest, s->digest_size) == 1;
}

void verify_signers(struct pkcs7 *p, STACK_OF(X509) *x509s) {
    for (size_t i = 0; i < p->n_signers; i++) {
        struct signer *s = &p->signers[i];

        /* A signature with attributes is over these, not over the data. */
        if (!s->digest || !s->encoding || s->signed_attributes)
            continue;
        for (size_t j = 0; j < s->n_certificates && s->verified_by == SIZE_MAX; j++) {
            size_t k = s->certificates[j];

            if (made_by(s, X509_get0_pubkey(sk_X509_value(x509s, (int) k))))
                s->verified_by = k;
        }
    }
}
