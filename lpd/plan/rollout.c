/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sha2.h>
#include <stdio.h>

#include "base/hex.h"
#include "plan/rollout.h"

#define MESSAGE "systemd-fraction-"

/* One pass of HMAC (RFC 2104): the key, which is shorter than a block, with a pad, and then the data. */
static void pass(const uint8_t *key, size_t key_size, uint8_t pad, const void *data, size_t size,
                 uint8_t ret[static SHA256_DIGEST_LENGTH]) {
    uint8_t block[SHA256_BLOCK_LENGTH];
    SHA2_CTX context;

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (i < key_size ? key[i] : 0) ^ pad;
    SHA256Init(&context);
    SHA256Update(&context, block, sizeof(block));
    SHA256Update(&context, data, size);
    SHA256Final(ret, &context);
}

int rollout_position(const char *machine_id, const char *name, uint32_t *ret) {
    uint8_t inner[SHA256_DIGEST_LENGTH], outer[SHA256_DIGEST_LENGTH];
    _cleanup_free_ char *message = NULL;
    _cleanup_free_ void *key = NULL;
    size_t size;
    int r;

    r = hex_decode(machine_id, &key, &size);
    if (r < 0)
        return r;
    if (size > SHA256_BLOCK_LENGTH)
        return -EINVAL;
    if (asprintf(&message, MESSAGE "%s", name) < 0)
        return -ENOMEM;
    for (char *c = message + STRLEN(MESSAGE); *c; c++)
        if (*c == '-')
            *c = '_';
    pass(key, size, 0x36, message, strlen(message), inner);
    pass(key, size, 0x5c, inner, sizeof(inner), outer);
    *ret = (uint32_t) outer[0] | (uint32_t) outer[1] << 8 | (uint32_t) outer[2] << 16 |
           (uint32_t) outer[3] << 24;
    return 0;
}

bool rollout_includes(unsigned share, uint32_t position) {
    return (uint64_t) position * 10000 < (uint64_t) share << 32;
}
