/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keys, certificates and signatures for unit tests, like those of openssl req and
 * scripts/sign-file. */

#include <openssl/cms.h>
#include <openssl/x509.h>

#include "base/macro.h"

struct identity {
    EVP_PKEY *key;
    X509 *x509;
};

/* A self-signed certificate for a new key: algorithm is "RSA 2048" or a curve, "P-256". */
void identity_make(const char *algorithm, const char *name, const char *hash, struct identity *ret);

/* Makes another key issue the certificate, with a matching authority key id; it expires on that day
 * ("20250102030405Z"), unless NULL. */
void identity_issue(struct identity *i, const struct identity *by, const char *end);

/* A certificate with the same names, serial number and key id as the other one. */
void identity_forge(const struct identity *of, struct identity *ret);

void identity_done(struct identity *i);

/* The certificate; the caller frees it. */
char *identity_der(const struct identity *i, size_t *ret_size);
char *identity_pem(const struct identity *i);

struct signature {
    CMS_ContentInfo *cms;
    char *der;
    size_t size;
};

/* The flags that sign-file passes to CMS_add1_signer(3). */
#define SIGN_FLAGS (CMS_NOCERTS | CMS_BINARY | CMS_NOSMIMECAP | CMS_NOATTR | CMS_DETACHED)

/* Signs with each of the keys. */
void sign(const struct identity *by, size_t n, const char *hash, unsigned flags, const void *data,
          size_t size, struct signature *ret);
void signature_done(struct signature *s);
