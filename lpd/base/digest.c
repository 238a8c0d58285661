/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gcrypt.h>
#include <stdio.h>

#include "base/digest.h"

/* libgcrypt is to be told that nothing needs memory that is locked, before it does anything else. */
static void init(void) {
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0)
        return;
    (void) gcry_check_version(NULL);
    (void) gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    (void) gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

static int algorithm(const char *name) {
    static const struct {
        const char *name;
        int algorithm;
    } algorithms[] = {
        { "sha256", GCRY_MD_SHA256 },
        { "sha384", GCRY_MD_SHA384 },
        { "sha512", GCRY_MD_SHA512 },
    };

    for (size_t i = 0; name && i < ELEMENTSOF(algorithms); i++)
        if (streq(algorithms[i].name, name))
            return algorithms[i].algorithm;
    return GCRY_MD_NONE;
}

size_t digest_size(const char *name) {
    int a = algorithm(name);

    return a == GCRY_MD_NONE ? 0 : gcry_md_get_algo_dlen(a);
}

void digest_take(const char *name, const void *data, size_t size, uint8_t *ret) {
    init();
    gcry_md_hash_buffer(algorithm(name), ret, data, size);
}

void sha256_take(const void *data, size_t size, uint8_t ret[static SHA256_SIZE]) {
    digest_take("sha256", data, size, ret);
}

void sha256_take_hex(const void *data, size_t size, char ret[static SHA256_HEX_SIZE]) {
    uint8_t digest[SHA256_SIZE];

    sha256_take(data, size, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        (void) snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

static int take_buffers(unsigned flags, const struct iovec *pieces, size_t n_pieces, uint8_t *ret) {
    _cleanup_free_ gcry_buffer_t *buffers = calloc(n_pieces + 1, sizeof(*buffers));

    if (!buffers)
        return -ENOMEM;
    init();
    for (size_t i = 0; i < n_pieces; i++)
        buffers[i] = (gcry_buffer_t){ .len = pieces[i].iov_len, .data = pieces[i].iov_base };
    return gcry_md_hash_buffers(GCRY_MD_SHA256, flags, ret, buffers, (int) n_pieces) == 0 ? 0 : -ENOMEM;
}

int sha256_take_pieces(const struct iovec *pieces, size_t n_pieces, uint8_t ret[static SHA256_SIZE]) {
    return take_buffers(0, pieces, n_pieces, ret);
}

int sha256_take_hmac(const void *key, size_t key_size, const void *data, size_t size,
                     uint8_t ret[static SHA256_SIZE]) {
    const struct iovec pieces[] = {
        { (void *) key, key_size }, /* with this flag the first buffer is the key */
        { (void *) data, size },
    };

    return take_buffers(GCRY_MD_FLAG_HMAC, pieces, ELEMENTSOF(pieces), ret);
}
