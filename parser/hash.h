/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/macro.h"

struct hash {
    int nid;          /* OpenSSL's number */
    const char *name; /* as the kernel's crypto API has it: crypto/hash_info.c */
    EVP_MD *md;       /* NULL before hash_init(), or if OpenSSL has it not */
};

/* Fetches all there are. Idempotent. */
void hash_init(void);

/* One by one; NULL after the last. */
const struct hash *hash_at(size_t i);

/* NULL if the kernel has no such hash. */
const struct hash *hash_find(int nid);

/* The hash that a signature algorithm is made with (sha256WithRSAEncryption, ecdsa-with-SHA384, …);
 * NULL if it does not say. */
const struct hash *hash_of_signature(const X509_ALGOR *algorithm);
