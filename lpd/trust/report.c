/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "trust/report.h"

void trust_report_done(struct trust_report *t) {
    for (size_t i = 0; i < t->n_steps; i++)
        free(t->steps[i].fact);
    free(t->steps);
    free(t->signer);
    free(t->key_id);
    free(t->keyring);
    free(t->hash);
    free(t->local);
    free(t->expired);
    free(t->reason);
    free(t->hint);
    *t = (struct trust_report){};
}

int trust_report_add(struct trust_report *t, const char *step, enum step_outcome outcome, const char *fmt,
                     ...) {
    struct trust_step *grown;
    char *fact;
    va_list ap;
    int r;

    grown = reallocarray(t->steps, t->n_steps + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    t->steps = grown;
    va_start(ap, fmt);
    r = vasprintf(&fact, fmt, ap);
    va_end(ap);
    if (r < 0)
        return -ENOMEM;
    t->steps[t->n_steps++] = (struct trust_step){ .step = step, .outcome = outcome, .fact = fact };
    return 0;
}

/* A bad signature, or one that the kernel must refuse, is worse than a missing key: no policy
 * accepts it, and neither does the kernel. A signature that could not be read may be such a one. */
bool verdict_accepted(enum verdict v, enum signature_policy p) {
    switch (v) {
    case VERDICT_VERIFIED:
    case VERDICT_ENFORCED:
        return true;
    case VERDICT_LOCAL:
        return p != SIGNATURE_REQUIRED;
    case VERDICT_UNKNOWN_SIGNER:
    case VERDICT_UNSUPPORTED:
    case VERDICT_UNSIGNED:
        return p == SIGNATURE_PERMISSIVE;
    case VERDICT_BAD_SIGNATURE:
    case VERDICT_REVOKED:
    case VERDICT_PARSER_FAILED:
        return false;
    }
    return false;
}

const char *verdict_to_string(enum verdict v) {
    static const char *const names[] = {
        [VERDICT_VERIFIED] = "verified",
        [VERDICT_ENFORCED] = "enforced",
        [VERDICT_LOCAL] = "local",
        [VERDICT_UNKNOWN_SIGNER] = "unknown-signer",
        [VERDICT_UNSUPPORTED] = "unsupported",
        [VERDICT_BAD_SIGNATURE] = "bad-signature",
        [VERDICT_REVOKED] = "revoked",
        [VERDICT_UNSIGNED] = "unsigned",
        [VERDICT_PARSER_FAILED] = "parser-failed",
    };

    return names[v];
}

const char *outcome_to_string(enum step_outcome o) {
    static const char *const names[] = {
        [OUTCOME_PASSED] = "passed",
        [OUTCOME_FAILED] = "failed",
        [OUTCOME_UNAVAILABLE] = "unavailable",
        [OUTCOME_NOTE] = "note",
    };

    return names[o];
}
