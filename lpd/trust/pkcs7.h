/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* What a PKCS#7 signature and X.509 certificates say. All of it was read by lpd-parser, outside this
 * program, and is to be taken as what it is: somebody else's word. Ids, serials and hashes are
 * lower-case hex. */

struct certificate {
    size_t source;          /* index of the file that it was in, as offered; SIZE_MAX: the signature */
    char *subject, *issuer; /* RFC 2253 */
    char *name;             /* the subject's common name, or what stands for it */
    char *serial;
    char *key_id;           /* subject key identifier, or NULL */
    char *authority_key_id; /* or NULL */
    char *algorithm;        /* "RSA 4096", "ECDSA P-384", … */
    char *tbs_hash;         /* of the part that is signed, by the certificate's own hash: .blacklist */
    bool self_issued;
    int64_t not_before, not_after; /* seconds since 1970 */
    void *der;
    size_t der_size;
};

struct signer {
    char *issuer, *serial;  /* or, if the signer is named by its key, NULL */
    char *key_id;           /* or, if it is named by issuer and serial, NULL */
    char *hash;             /* as the kernel's crypto API names it: "sha256" */
    const char *encoding;   /* as keyctl_pkey_verify(3) names it: "pkcs1" (RSA), "x962" (ECDSA); NULL:
                             * another */
    bool signed_attributes; /* the module loader refuses these */
    void *value;            /* the signature itself */
    size_t value_size;
    void *digest;           /* of the data, by hash; NULL if no data was given or the hash is unknown.
                             * Only signer_take_digest() makes it lpd's own */
    size_t digest_size;
    size_t *certificates;   /* indices of those that it may be: issuer and serial, or key id, fit */
    size_t n_certificates;
    size_t verified_by;     /* the one of them whose key made this signature over the data, says
                             * OpenSSL; SIZE_MAX: none, or no data was given */
};

struct pkcs7 {
    struct signer *signers;
    size_t n_signers;
    struct certificate *certificates; /* first those in the signature, then those that were offered */
    size_t n_certificates;
    char **unreadable; /* "PATH: reason" for each file offered that holds no certificate */
};

void certificate_done(struct certificate *c);
void pkcs7_done(struct pkcs7 *p);
