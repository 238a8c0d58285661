/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/uio.h>

#include "base/macro.h"

/* Digests, by libgcrypt, which uses the CPU's instructions for them. OpenSSL does so too, but
 * relocating it costs 2.5 million instructions at each load (tests/bench/run load). */

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE (2 * SHA256_SIZE + 1)

/* The size of a digest that the kernel's crypto API knows by that name: sha256, sha384, sha512. 0: it
 * is none of them. */
size_t digest_size(const char *name);

/* Puts the digest of that name into ret, which has room for digest_size(). */
void digest_take(const char *name, const void *data, size_t size, uint8_t *ret);

void sha256_take(const void *data, size_t size, uint8_t ret[static SHA256_SIZE]);
void sha256_take_hex(const void *data, size_t size, char ret[static SHA256_HEX_SIZE]);

/* Of several pieces, one after the other. 0 or -ENOMEM. */
int sha256_take_pieces(const struct iovec *pieces, size_t n_pieces, uint8_t ret[static SHA256_SIZE]);

/* HMAC with SHA256 (RFC 2104). 0 or -ENOMEM. */
int sha256_take_hmac(const void *key, size_t key_size, const void *data, size_t size,
                     uint8_t ret[static SHA256_SIZE]);
