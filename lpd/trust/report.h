/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "config/policy.h"

/* What is to be thought of a signature, and how that came about. */

enum verdict {
    VERDICT_VERIFIED,       /* the kernel checked it */
    VERDICT_ENFORCED,       /* its key is in a keyring that counts, and the kernel will check the load */
    VERDICT_LOCAL,          /* OpenSSL checked it, against a certificate in /etc/lpd/keys.d */
    VERDICT_UNKNOWN_SIGNER, /* no keyring that counts has its key */
    VERDICT_UNSUPPORTED,    /* with crypto that this kernel has not */
    VERDICT_BAD_SIGNATURE,  /* it is not over these bytes, or malformed */
    VERDICT_REVOKED,        /* .blacklist forbids it */
    VERDICT_UNSIGNED,
    VERDICT_PARSER_FAILED,  /* lpd-parser could not read it, whatever it is */
};

enum step_outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_UNAVAILABLE, OUTCOME_NOTE };

struct trust_step {
    const char *step; /* "signature", "kernel-pkcs7", … */
    enum step_outcome outcome;
    char *fact;       /* what was looked at, and what came of it */
};

struct trust_report {
    enum verdict verdict;
    const char *way; /* which step decided: "kernel-pkcs7", "kernel-keyring", "kernel-load"; NULL: none */
    char *signer;    /* the certificate's subject, or else issuer and serial */
    char *key_id;    /* of the signer, or its serial where only that is known */
    char *keyring;   /* ".machine", …: who vouches; NULL: nobody, or it cannot be told */
    char *hash;      /* sha256, … */
    char *local;     /* the certificate in /etc/lpd/keys.d that it verifies against, says OpenSSL; NULL:
                      * none, or nobody asked */
    char *expired;   /* the day when its certificate ended; NULL: it has not, or none was seen */
    char *reason;    /* why the verdict is not verified; NULL: it is */
    char *hint;      /* what would make the kernel trust it */
    struct trust_step *steps;
    size_t n_steps;
};

void trust_report_done(struct trust_report *t);

/* Adds a step. 0 or -ENOMEM. */
int trust_report_add(struct trust_report *t, const char *step, enum step_outcome outcome, const char *fmt,
                     ...) _printf_(4, 5);

/* Whether a policy lets in what got that verdict. */
bool verdict_accepted(enum verdict v, enum signature_policy p);

const char *verdict_to_string(enum verdict v);
const char *outcome_to_string(enum step_outcome o);
