/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sha2.h>

#include "trust/digest.h"

static const struct hash {
    const char *name; /* as the kernel's crypto API names it */
    size_t size;
    void (*init)(SHA2_CTX *context);
    void (*update)(SHA2_CTX *context, const uint8_t *data, size_t size);
    void (*final)(uint8_t *digest, SHA2_CTX *context);
} hashes[] = {
    { "sha256", SHA256_DIGEST_LENGTH, SHA256Init, SHA256Update, SHA256Final },
    { "sha384", SHA384_DIGEST_LENGTH, SHA384Init, SHA384Update, SHA384Final },
    { "sha512", SHA512_DIGEST_LENGTH, SHA512Init, SHA512Update, SHA512Final },
};

static const struct hash *find(const char *name) {
    for (size_t i = 0; name && i < ELEMENTSOF(hashes); i++)
        if (streq(hashes[i].name, name))
            return hashes + i;
    return NULL;
}

int signer_take_digest(struct signer *s, const void *data, size_t size) {
    const struct hash *hash = find(s->hash);
    SHA2_CTX context;
    uint8_t *digest = NULL;

    if (hash) {
        digest = malloc(hash->size);
        if (!digest)
            return -ENOMEM;
        hash->init(&context);
        hash->update(&context, data, size);
        hash->final(digest, &context);
    }
    free(s->digest);
    s->digest = digest;
    s->digest_size = hash ? hash->size : 0;
    return 0;
}
