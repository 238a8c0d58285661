/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/macro.h"

struct hash {
    int nid;          /* OpenSSL's number */
    const char *name; /* as the kernel's crypto API has it: crypto/hash_info.c */
    EVP_MD *md;       /* hash_md() gives it */
};

/* One by one; NULL after the last. */
struct hash *hash_at(size_t i);

/* NULL if OpenSSL has it not. At the first call OpenSSL sets up all that it computes with: about as
 * long as reading a signature takes, for which no hash is needed. */
const EVP_MD *hash_md(struct hash *hash);

/* NULL if the kernel has no such hash. */
struct hash *hash_find(int nid);

/* The hash that a signature algorithm is made with (sha256WithRSAEncryption, ecdsa-with-SHA384, …);
 * NULL if it does not say. */
struct hash *hash_of_signature(const X509_ALGOR *algorithm);
