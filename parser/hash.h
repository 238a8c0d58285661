/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/macro.h"

struct hash {
    int nid;          /* OpenSSL's number */
    const char *name; /* in the kernel's crypto API: crypto/hash_info.c */
    EVP_MD *md;       /* set by hash_md() */
};

/* One after another; NULL after the last. */
struct hash *hash_at(size_t i);

/* NULL if OpenSSL does not have it. The first call makes OpenSSL set up all its algorithms, which
 * takes about as long as reading a signature. So hashes are initialized only when needed. */
const EVP_MD *hash_md(struct hash *hash);

/* NULL if the kernel does not have it. */
struct hash *hash_find(int nid);

/* The hash of a signature algorithm (sha256WithRSAEncryption, ecdsa-with-SHA384, …); NULL if the
 * algorithm does not include one. */
struct hash *hash_of_signature(const X509_ALGOR *algorithm);
