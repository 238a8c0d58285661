/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The content of a PKCS#7 signature and of X.509 certificates. lpd-parser, a separate program, has
 * read all of it, and all of it is untrusted. Ids, serials and hashes are lower-case hex. */

struct certificate {
    size_t source;          /* index of the offered file that contained it; SIZE_MAX: the signature */
    char *subject, *issuer; /* RFC 2253 */
    char *name;             /* the subject's common name, or a replacement */
    char *serial;
    char *key_id;           /* subject key identifier, or NULL */
    char *authority_key_id; /* or NULL */
    char *algorithm;        /* "RSA 4096", "ECDSA P-384", … */
    char *tbs_hash;         /* of the signed part, by the certificate's own hash: .blacklist */
    bool self_issued;
    int64_t not_before, not_after; /* seconds since 1970 */
    void *der;
    size_t der_size;
};

struct signer {
    char *issuer, *serial;  /* or NULL if the signer is named by its key */
    char *key_id;           /* or NULL if it is named by issuer and serial */
    char *hash;             /* in the kernel's crypto API: "sha256" */
    const char *encoding;   /* as in keyctl_pkey_verify(3): "pkcs1" (RSA), "x962" (ECDSA); NULL:
                             * another */
    bool signed_attributes; /* the module loader refuses these */
    void *value;            /* the signature itself */
    size_t value_size;
    void *digest;           /* digest of the data, NULL without data or for an unknown hash. It
                             * comes from the parser until signer_take_digest() replaces it */
    size_t digest_size;
    size_t *certificates;   /* indices of possible ones: issuer and serial, or key id, match */
    size_t n_certificates;
    size_t verified_by;     /* the one of them whose key made this signature over the data,
                             * according to OpenSSL; SIZE_MAX: none, or the data were not given */
};

struct pkcs7 {
    struct signer *signers;
    size_t n_signers;
    struct certificate *certificates; /* first those in the signature, then the offered ones */
    size_t n_certificates;
    char **unreadable; /* "PATH: reason" for each offered file without a certificate */
};

void certificate_done(struct certificate *c);
void pkcs7_done(struct pkcs7 *p);
