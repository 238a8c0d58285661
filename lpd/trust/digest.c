/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/digest.h"
#include "trust/digest.h"

int signer_take_digest(struct signer *s, const void *data, size_t size) {
    size_t digest_length = digest_size(s->hash);
    uint8_t *digest = NULL;

    if (digest_length > 0) {
        digest = malloc(digest_length);
        if (!digest)
            return -ENOMEM;
        digest_take(s->hash, data, size, digest);
    }
    free(s->digest);
    s->digest = digest;
    s->digest_size = digest_length;
    return 0;
}
