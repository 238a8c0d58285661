/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "config/policy.h"

/* The verdict on a signature, and how it was reached. */

enum verdict {
    VERDICT_VERIFIED,       /* the kernel checked it */
    VERDICT_ENFORCED,       /* its key counts, and the kernel will check at the load */
    VERDICT_LOCAL,          /* OpenSSL checked it, against a certificate in /etc/lpd/keys.d */
    VERDICT_UNKNOWN_SIGNER, /* no keyring that counts has its key */
    VERDICT_UNSUPPORTED,    /* with crypto that this kernel lacks */
    VERDICT_BAD_SIGNATURE,  /* it does not match these bytes, or is malformed */
    VERDICT_REVOKED,        /* .blacklist forbids it */
    VERDICT_UNSIGNED,
    VERDICT_PARSER_FAILED,  /* lpd-parser could not read it, so nothing is known about it */
};

enum step_outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_UNAVAILABLE, OUTCOME_NOTE };

struct trust_step {
    const char *step; /* "signature", "kernel-pkcs7", … */
    enum step_outcome outcome;
    char *fact;       /* the input and the result */
};

struct trust_report {
    enum verdict verdict;
    const char *way; /* what decided: "kernel-pkcs7", "kernel-keyring", "kernel-load"; NULL */
    char *signer;    /* the certificate's subject, or else issuer and serial */
    char *key_id;    /* of the signer, or its serial if only that is known */
    char *keyring;   /* ".machine", …: the keyring that vouches; NULL: none, or unknown */
    char *hash;      /* sha256, … */
    char *local;     /* the certificate in /etc/lpd/keys.d that it verifies against, according to
                      * OpenSSL; NULL: none, or not checked */
    char *expired;   /* the day when its certificate expired; NULL: it has not, or none was seen */
    char *reason;    /* why the verdict is not verified; NULL: it is */
    char *hint;      /* what would make the kernel trust it */
    struct trust_step *steps;
    size_t n_steps;
};

void trust_report_done(struct trust_report *t);

/* Adds a step. 0 or -ENOMEM. */
int trust_report_add(struct trust_report *t, const char *step, enum step_outcome outcome, const char *fmt,
                     ...) _printf_(4, 5);

/* Whether a policy accepts that verdict. */
bool verdict_accepted(enum verdict v, enum signature_policy p);

const char *verdict_to_string(enum verdict v);
const char *outcome_to_string(enum step_outcome o);
