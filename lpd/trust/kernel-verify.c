/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "trust/digest.h"
#include "trust/kernel-keyring.h"
#include "trust/kernel-pkcs7.h"
#include "trust/kernel-verify.h"

/* The ways to ask the kernel, and the meaning of its answers. */

static int name_key(struct verification *j, const struct kernel_key *key) {
    struct trust_report *t = &j->report;
    int r;

    if (!key)
        return 0;
    r = string_set(&t->keyring, kernel_keyring_name(key->keyring));
    if (r >= 0 && !t->key_id)
        r = string_set(&t->key_id, key->key_id);
    return r;
}

static bool blacklisted(const struct verification *j, const char *kind, const char *hash) {
    STRV_FOREACH(entry, j->keyrings.blacklist)
        if (hash && startswith(*entry, kind) && strcasecmp(*entry + strlen(kind), hash) == 0)
            return true;
    return false;
}

static int conclude_revoked(struct verification *j, const char *what) {
    struct trust_report *t = &j->report;

    t->verdict = VERDICT_REVOKED;
    if (asprintf(&t->reason, "%s is on the kernel's .blacklist", what) < 0)
        return -ENOMEM;
    if (trust_report_add(t, "revocation", OUTCOME_FAILED, "%s", t->reason) < 0)
        return -ENOMEM;
    return 1;
}

/* Checks the readable certificates; kernel-pkcs7 refuses revoked ones itself. Only the module
 * loader of Debian's kernels checks the file's hash (kernel/module/signing.c,
 * mod_is_hash_blacklisted()). */
int verify_revoked(struct verification *j) {
    if (blacklisted(j, "bin:", j->subject->sha256))
        return conclude_revoked(j, "the file's hash");
    for (size_t i = 0; i < j->pkcs7.n_signers; i++) {
        const struct signer *signer = j->pkcs7.signers + i;

        for (size_t k = 0; k < signer->n_certificates; k++) {
            const struct certificate *c = j->pkcs7.certificates + signer->certificates[k];

            if (blacklisted(j, "tbs:", c->tbs_hash))
                return conclude_revoked(j, c->name);
        }
    }
    return 0;
}

static int conclude(struct verification *j, const char *way, enum verdict verdict, const char *reason) {
    struct trust_report *t = &j->report;

    t->verdict = verdict;
    t->way = way;
    if (string_set(&t->reason, reason) < 0 ||
        trust_report_add(t, way, OUTCOME_FAILED, "%s", reason) < 0)
        return -ENOMEM;
    return 1;
}

static int conclude_verified(struct verification *j, const char *way, const struct kernel_key *key) {
    struct trust_report *t = &j->report;

    t->verdict = VERDICT_VERIFIED;
    t->way = way;
    if (name_key(j, key) < 0 ||
        trust_report_add(t, way, OUTCOME_PASSED, "the kernel verified it%s%s%s%s", key ? " by " : "",
                         key ? key->name : "", key ? " in " : "",
                         key ? kernel_keyring_name(key->keyring) : "") < 0)
        return -ENOMEM;
    return 1;
}

/* The meaning of the kernel's refusals: KEYS and crypto/asymmetric_keys/pkcs7_trust.c. */
static int conclude_refused(struct verification *j, const char *way, int answer) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    switch (answer) {
    case -ENOKEY:
        return conclude(j, way, VERDICT_UNKNOWN_SIGNER,
                        "no keyring that counts has a key for its signature");
    case -ENOPKG:
        return conclude(j, way, VERDICT_UNSUPPORTED,
                        "this kernel lacks the crypto for its signature (ENOPKG)");
    case -EKEYREJECTED:
        /* Two causes have the same answer; only certificates distinguish them. */
        r = verify_revoked(j);
        if (r != 0)
            return r;
        return conclude(j, way, VERDICT_BAD_SIGNATURE,
                        "the kernel rejected its signature: the file has changed since, or "
                        "another key of that name made it (EKEYREJECTED)");
    case -EBADMSG:
        return conclude(j, way, VERDICT_BAD_SIGNATURE, "its signature is malformed (EBADMSG)");
    default:
        r = asprintf(&e.message, "the kernel rejected its signature: %s", strerror(-answer));
        return r < 0 ? -ENOMEM : conclude(j, way, VERDICT_BAD_SIGNATURE, e.message);
    }
}

static int unavailable(struct verification *j, const char *way, const struct error *e, int r) {
    if (r == -ENOMEM)
        return r;
    return trust_report_add(&j->report, way, OUTCOME_UNAVAILABLE, "%s", error_message(e, r));
}

/* The key in those keyrings that the kernel must have used; NULL: unknown. A key of the firmware
 * is identified by its certificate, of which the kernel may show only the issuer's name. */
static const struct kernel_key *find_verified_key(const struct verification *j, unsigned keyrings) {
    return verification_find_key(j, keyrings) ?: verification_guess_key(j, keyrings & KEYRING_BUILTIN);
}

/* The kernel treats builtin, secondary and machine as one set. If the policy leaves some of them
 * out, the kernel's yes may be due to those. What the signature says about its key does not help,
 * because its author wrote that. */
static int ask_pkcs7(struct verification *j, struct kernel_pkcs7 *k, int *ret_answer,
                     unsigned *ret_asked, struct error *e) {
    static const struct {
        unsigned keyrings;
        enum system_keyring id;
    } sets[] = {
        { KEYRING_BUILTIN, SYSTEM_KEYRING_BUILTIN },
        { SECONDARY_KEYRINGS, SYSTEM_KEYRING_SECONDARY },
        { KEYRING_PLATFORM, SYSTEM_KEYRING_PLATFORM },
    };
    unsigned wanted = j->machine->policy->keyrings, left_out = verification_left_out(j, SECONDARY_KEYRINGS);
    bool unclear = false;
    int r, answer = -ENOKEY;

    for (size_t i = 0; i < ELEMENTSOF(sets) && answer == -ENOKEY; i++) {
        unsigned asked = wanted & sets[i].keyrings;

        /* Secondary, which is asked next, includes builtin. */
        if (!asked || (i == 0 && wanted & ~asked & SECONDARY_KEYRINGS && !left_out))
            continue;
        if (i == 1 && asked == KEYRING_BUILTIN)
            continue;
        r = kernel_pkcs7_ask(k, sets[i].id, &answer, e);
        if (r < 0)
            return r;
        if (answer == 0 && i == 1 && left_out) {
            unclear = true;
            answer = -ENOKEY;
        }
        if (answer == 0)
            *ret_asked = asked;
    }
    if (answer == -ENOKEY && unclear)
        return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED,
                         "the key may be in a keyring that Keyrings= leaves out");
    *ret_answer = answer;
    return 0;
}

static int ask_by_pkcs7(struct verification *j) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    const struct trust_subject *s = j->subject;
    unsigned asked = 0;
    int r, answer = -ENOKEY;

    r = kernel_pkcs7_new(j->host, s->data, s->data_size, s->signature, s->signature_size, &k, &e);
    if (r >= 0)
        r = ask_pkcs7(j, k, &answer, &asked, &e);
    if (r < 0)
        return unavailable(j, "kernel-pkcs7", &e, r);
    if (answer < 0)
        return conclude_refused(j, "kernel-pkcs7", answer);
    return conclude_verified(j, "kernel-pkcs7", find_verified_key(j, asked));
}

/* The module loader takes a signer's certificate only from the signature or from its keyrings: a
 * certificate that a trusted key has issued is not enough
 * (crypto/asymmetric_keys/pkcs7_trust.c). */
static bool loader_has(const struct verification *j, const struct certificate *c) {
    return certificate_is_embedded(c) ||
           (c->key_id && kernel_keyrings_find(&j->keyrings, j->machine->policy->keyrings, c->key_id));
}

/* Of the certificates in the signature the module loader uses the first that matches, even if
 * nothing vouches for it (pkcs7_verify.c pkcs7_find_key()). OpenSSL's verdict is enough for that
 * check, because it can only refuse. */
static int ask_signer(struct verification *j, const struct signer *signer, int *ret_answer,
                      enum keyring_set *ret_keyring, struct error *e) {
    int found = -ENOKEY;

    for (size_t i = 0; i < signer->n_certificates && found != 0; i++) {
        const struct certificate *c = j->pkcs7.certificates + signer->certificates[i];
        enum keyring_set keyring;
        int r, answer;

        r = kernel_keyring_ask(j->host, &j->keyrings, j->machine->policy->keyrings, signer, c, &answer,
                               &keyring, e);
        if (r < 0)
            return r;
        if (answer == 0 && !loader_has(j, c))
            answer = -ENOKEY;
        if (answer == -ENOKEY && certificate_is_embedded(c) &&
            signer->verified_by != signer->certificates[i])
            answer = -EKEYREJECTED;
        if (answer == 0)
            *ret_keyring = keyring;
        if (answer == 0 || found == -ENOKEY)
            found = answer;
        if (certificate_is_embedded(c))
            break;
    }
    *ret_answer = found;
    return 0;
}

/* Of several signers, one trusted one is enough, unless the signature of another is bad
 * (pkcs7_verify.c pkcs7_verify(), pkcs7_trust.c pkcs7_validate_trust()). */
static int sum_up(int a, int b) {
    static const int order[] = { -EKEYREJECTED, 0, -ENOPKG };

    for (size_t i = 0; i < ELEMENTSOF(order); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return -ENOKEY;
}

struct keyring_answers {
    int sum;
    enum keyring_set keyring;
    const char *gap; /* why it is unknown what the module loader would do; NULL: it is known */
};

static int ask_signers(struct verification *j, struct keyring_answers *a, struct error *e) {
    for (size_t i = 0; i < j->pkcs7.n_signers; i++) {
        struct signer *signer = j->pkcs7.signers + i;
        int r, answer;

        r = signer_take_digest(signer, j->subject->data, j->subject->data_size);
        if (r >= 0)
            r = ask_signer(j, signer, &answer, &a->keyring, e);
        if (r < 0)
            return r;
        a->sum = sum_up(a->sum, answer);
        if (signer->n_certificates == 0)
            a->gap = "there is no certificate of the signer";
        /* A keyring vouches for what its keys have signed, which need not include a key that it
         * contains. */
        else if (answer == -ENOKEY && signer_find_key(j, signer, ~0U))
            a->gap = "the kernel has the key, but no keyring can vouch for its certificate";
    }
    return 0;
}

static int ask_by_keyring(struct verification *j) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    struct keyring_answers a = { .sum = -ENOKEY };
    int r;

    r = verification_read(j, READING_DATA, &e);
    if (r >= 0)
        r = ask_signers(j, &a, &e);
    if (r < 0)
        return unavailable(j, "kernel-keyring", &e, r);
    r = verify_revoked(j);
    if (r != 0)
        return r;
    if (a.gap && a.sum != -EKEYREJECTED)
        return trust_report_add(&j->report, "kernel-keyring", OUTCOME_UNAVAILABLE, "%s", a.gap);
    if (a.sum < 0)
        return conclude_refused(j, "kernel-keyring", a.sum);
    if (string_set(&j->report.keyring, kernel_keyring_name(a.keyring)) < 0)
        return -ENOMEM;
    return conclude_verified(j, "kernel-keyring", verification_find_key(j, a.keyring));
}

int kernel_verify(struct verification *j) {
    int r;

    if (!j->host->live)
        return trust_report_add(&j->report, "kernel-pkcs7", OUTCOME_UNAVAILABLE,
                                "this is not the running machine");
    r = ask_by_pkcs7(j);
    return r != 0 ? r : ask_by_keyring(j);
}
