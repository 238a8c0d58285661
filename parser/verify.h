/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/x509.h>

#include "trust/pkcs7.h"

/* Computes the digest of the data for each signer whose hash is known. 0, -ENOMEM. */
int verify_digest(struct pkcs7 *p, const void *data, size_t size);

/* Tries the possible certificates of each signer, and says whose key made the signature. x509s[i]
 * is p->certificates[i]. */
void verify_signers(struct pkcs7 *p, STACK_OF(X509) *x509s);
