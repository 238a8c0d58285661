/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <time.h>

#include "base/strv.h"
#include "trust/diagnose.h"
#include "trust/kernel-load.h"
#include "trust/kernel-verify.h"
#include "trust/parser-format.h"
#include "trust/parser.h"
#include "trust/verify.h"

static int decide(struct verification *j, enum verdict verdict, const char *step, const char *reason) {
    j->report.verdict = verdict;
    if (string_set(&j->report.reason, reason) < 0)
        return -ENOMEM;
    return trust_report_add(&j->report, step, OUTCOME_FAILED, "%s", reason);
}

static int decide_unsigned(struct verification *j) {
    int r;

    r = string_set(&j->report.hint,
                   "sign it with a key that counts here, see lpctl keys and lpd(8), \"Keys\"");
    return r < 0 ? r : decide(j, VERDICT_UNSIGNED, "signature", "it is not signed");
}

/* The way out depends on whether the file or the program is at fault. */
static int explain_failure(struct verification *j, bool works) {
    char *reason;

    if (asprintf(&reason, "%s; %s", error_message(&j->failure, j->failure_errno),
                 works ? "its self-test passes, so this file causes the failure"
                       : "its self-test fails too, so it does not work on this machine") < 0)
        return -ENOMEM;
    free(j->report.reason);
    j->report.reason = reason;
    if (j->failure.hint)
        return string_set(&j->report.hint, j->failure.hint);
    if (works)
        return string_set(&j->report.hint, "do not load this file; fetch it again from its source, and "
                                           "if that does not help, have it signed again");
    return string_set(&j->report.hint, "reinstall lpd; " LPD_LIBEXECDIR "/lpd-parser " PARSER_SELF_TEST
                                       " repeats the test");
}

/* Nothing is known about the signature, so no policy accepts it, unless the load decides without
 * the parser. */
static int decide_parser_failed(struct verification *j) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    struct trust_report *t = &j->report;
    int r, works;

    t->verdict = VERDICT_PARSER_FAILED;
    t->way = NULL;
    works = parser_self_test(verification_deadline(j, QUARTER_SELF_TEST), &e);
    if (works == -ENOMEM)
        return works;
    r = explain_failure(j, works >= 0);
    if (r >= 0)
        r = trust_report_add(t, "signature", OUTCOME_FAILED, "%s",
                             error_message(&j->failure, j->failure_errno));
    if (r >= 0)
        r = trust_report_add(t, "self-test", works >= 0 ? OUTCOME_PASSED : OUTCOME_FAILED, "%s",
                             works >= 0 ? "lpd-parser works on this machine" : error_message(&e, works));
    return r < 0 ? r : MIN(kernel_load_decide(j), 0);
}

static int describe_signer(struct verification *j, const struct signer *signer) {
    struct trust_report *t = &j->report;
    const struct certificate *c = signer_certificate(j, signer);
    char *text;
    int r;

    if (c)
        r = asprintf(&text, "%s", c->subject);
    else if (signer->issuer)
        r = asprintf(&text, "serial %s of %s", signer->serial, signer->issuer);
    else
        r = asprintf(&text, "key %s", signer->key_id);
    if (r < 0)
        return -ENOMEM;
    free(t->signer);
    t->signer = text;
    r = string_set(&t->key_id, signer->key_id ?: c ? c->key_id : NULL);
    if (r >= 0)
        r = string_set(&t->hash, signer->hash);
    return r;
}

static int tell_signers(struct verification *j) {
    for (size_t i = 0; i < j->pkcs7.n_signers; i++) {
        const struct signer *signer = j->pkcs7.signers + i;
        const struct certificate *c = signer_certificate(j, signer);
        int r;

        r = trust_report_add(&j->report, "signature", OUTCOME_PASSED, "%s%s%s%s%s%s, %s with %s",
                             c ? c->subject : "", c ? ", " : "",
                             signer->issuer ? "serial " : "key ", signer->serial ?: signer->key_id,
                             signer->issuer ? " of " : "", strempty(signer->issuer),
                             strempty(signer->hash),
                             !signer->encoding                   ? "an algorithm of another kind"
                             : streq(signer->encoding, "pkcs1") ? "RSA"
                                                                 : "ECDSA");
        if (r < 0)
            return r;
    }
    return 0;
}

/* Signatures that the module loader always refuses: crypto/asymmetric_keys/pkcs7_verify.c, "has
 * authattrs". The kfunc would accept them. */
static bool has_signed_attributes(const struct pkcs7 *p) {
    for (size_t i = 0; i < p->n_signers; i++)
        if (p->signers[i].signed_attributes)
            return true;
    return false;
}

/* Reads the certificates only to name the key; each run of the parser takes a few milliseconds. The
 * kernel needs none of them, so a failure to read them does not matter, but they must not use up
 * all of the time. */
static int read_signature(struct verification *j, struct error *e) {
    bool wide = (j->flags & TRUST_EXPLAIN) || j->machine->policy->signature == SIGNATURE_LOCAL;
    int r;

    r = verification_read_within(j, wide ? READING_DATA : READING_CERTIFICATES, QUARTER_CERTIFICATES, NULL);
    return r >= 0 || r == -ENOMEM ? r : verification_read(j, READING_SIGNATURE, e);
}

/* 1: it has the form of a module signature; 0: the report has the verdict. */
static int verify_form(struct verification *j) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    if (!j->subject->signature)
        return decide_unsigned(j);
    r = read_signature(j, &e);
    if (r == -ENOMEM)
        return r;
    if (r == -EBADMSG)
        return decide(j, VERDICT_BAD_SIGNATURE, "signature", error_message(&e, r));
    if (r < 0)
        return decide_parser_failed(j);
    r = describe_signer(j, j->pkcs7.signers);
    if (r < 0)
        return r;
    if (has_signed_attributes(&j->pkcs7))
        return decide(j, VERDICT_BAD_SIGNATURE, "signature",
                      "the signature has signed attributes, which the module loader refuses");
    r = tell_signers(j);
    return r < 0 ? r : 1;
}

/* The kernel will check at the load, and has the key or one of that name, so only the load can
 * decide. */
static int verify_enforced(struct verification *j) {
    const char *obstacle = kernel_load_obstacle(j);
    const struct kernel_key *key, *likely = NULL;

    if (j->flags & TRUST_NO_LOAD || !j->host->live)
        return 0;
    if (obstacle)
        return trust_report_add(&j->report, KERNEL_LOAD, OUTCOME_UNAVAILABLE, "%s", obstacle);
    key = verification_find_key(j, ~0U);
    if (!key)
        key = likely = verification_guess_key(j, ~0U);
    if (!key)
        return trust_report_add(&j->report, KERNEL_LOAD, OUTCOME_FAILED,
                                "its key is in no keyring that counts");
    j->report.verdict = VERDICT_ENFORCED;
    j->report.way = KERNEL_LOAD;
    if (string_set(&j->report.keyring, kernel_keyring_name(key->keyring)) < 0 ||
        string_set(&j->report.reason, likely ? "only the load can tell whether the kernel has its key"
                                             : "the kernel will check it at the load") < 0)
        return -ENOMEM;
    if (likely)
        return trust_report_add(&j->report, KERNEL_LOAD, OUTCOME_NOTE,
                                "the kernel enforces signatures, and likely has the key: %s in %s has the name of the "
                                "signer's issuer; only the load can tell", key->name, kernel_keyring_name(key->keyring));
    return trust_report_add(&j->report, KERNEL_LOAD, OUTCOME_PASSED,
                            "the kernel enforces signatures, and %s is in %s", key->name,
                            kernel_keyring_name(key->keyring));
}

/* The file in keys.d whose certificate the signature verifies against. The parser may have found
 * the same certificate in the signature first. */
static const struct certificate_file *local_file(const struct verification *j, const struct signer *signer) {
    const struct certificate *by;

    if (signer->verified_by == SIZE_MAX)
        return NULL;
    by = j->pkcs7.certificates + signer->verified_by;
    for (size_t i = 0; i < signer->n_certificates; i++) {
        const struct certificate *c = j->pkcs7.certificates + signer->certificates[i];
        const struct certificate_file *file = verification_file(j, c);

        if (file && file->origin == ORIGIN_LOCAL && c->der_size == by->der_size &&
            memcmp(c->der, by->der, by->der_size) == 0)
            return file;
    }
    return NULL;
}

/* OpenSSL's verdict on the certificates in /etc/lpd/keys.d counts if the policy says so, and is
 * informative otherwise. */
static int verify_local(struct verification *j) {
    bool counts = j->machine->policy->signature == SIGNATURE_LOCAL;

    for (size_t i = 0; i < j->pkcs7.n_signers; i++) {
        const struct certificate_file *file = local_file(j, j->pkcs7.signers + i);

        if (!file)
            continue;
        if (string_set(&j->report.local, file->path) < 0)
            return -ENOMEM;
        if (counts)
            j->report.verdict = VERDICT_LOCAL;
        return trust_report_add(&j->report, "local", counts ? OUTCOME_PASSED : OUTCOME_NOTE,
                                "it verifies against %s%s", file->path,
                                counts ? "" : ", which counts only with Signature=local");
    }
    if (!counts)
        return 0;
    return trust_report_add(&j->report, "local", OUTCOME_FAILED,
                            "it verifies against no certificate in " KEYS_DIRECTORY_LOCAL);
}

static int verify_dates(struct verification *j) {
    int64_t now = time(NULL);

    for (size_t i = 0; i < j->pkcs7.n_signers; i++) {
        const struct certificate *c = signer_certificate(j, j->pkcs7.signers + i);
        char day[32];
        struct tm tm;
        time_t end;

        if (!c || c->not_after >= now)
            continue;
        end = c->not_after;
        if (!gmtime_r(&end, &tm) || strftime(day, sizeof(day), "%Y-%m-%d", &tm) == 0)
            continue;
        if (string_set(&j->report.expired, day) < 0)
            return -ENOMEM;
        return trust_report_add(&j->report, "dates", OUTCOME_NOTE,
                                "the certificate of %s expired on %s; the kernel ignores dates",
                                c->name, day);
    }
    return 0;
}

static int verify_without_kernel(struct verification *j) {
    int r;

    j->report.verdict = VERDICT_UNKNOWN_SIGNER;
    r = string_set(&j->report.reason, "the kernel could not check its signature");
    return r < 0 ? r : verify_enforced(j);
}

static bool lacks_key(enum verdict v) {
    return v == VERDICT_UNKNOWN_SIGNER || v == VERDICT_UNSUPPORTED;
}

/* Searches for the signer only now, because a signature that the kernel verifies needs no second
 * opinion. */
static int verify_missing_key(struct verification *j) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = verification_read(j, READING_DATA, &e);
    if (r == -ENOMEM)
        return r;
    /* The kernel has answered, and its answer stands. */
    if (r < 0 && j->report.way && j->machine->policy->signature != SIGNATURE_LOCAL)
        return trust_report_add(&j->report, "certificates", OUTCOME_UNAVAILABLE, "%s",
                                error_message(&e, r));
    if (r < 0)
        return decide_parser_failed(j);
    r = describe_signer(j, j->pkcs7.signers);
    STRV_FOREACH(problem, j->files.refused)
        if (r >= 0)
            r = trust_report_add(&j->report, "certificates", OUTCOME_NOTE, "does not count: %s", *problem);
    if (r >= 0)
        r = verify_local(j);
    if (r < 0 || j->report.verdict == VERDICT_LOCAL)
        return r;
    return diagnose_missing_key(j);
}

static int find_verdict(struct verification *j) {
    int r = 0;

    if (j->flags & TRUST_AT_LOAD)
        r = kernel_load_decide(j);
    if (r != 0)
        return MIN(r, 0);
    r = verify_form(j);
    if (r <= 0)
        return r;
    r = verification_read_keyrings(j);
    if (r >= 0)
        r = verify_revoked(j);
    if (r != 0)
        return MIN(r, 0);
    r = kernel_verify(j);
    if (r == 0)
        r = verify_without_kernel(j);
    if (r >= 0 && lacks_key(j->report.verdict))
        r = verify_missing_key(j);
    return r < 0 ? r : verify_dates(j);
}

int trust_verify(struct host *h, const struct trust_machine *machine, const struct trust_subject *subject,
                unsigned flags, struct trust_report *ret) {
    _cleanup_(verification_done) struct verification j = {
        .host = h, .machine = machine, .subject = subject, .flags = flags,
        .start = parser_deadline(0), .failure = ERROR_NULL,
    };
    int r;

    r = find_verdict(&j);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(j.report);
    return 0;
}

/* The errnos of finit_module(2), with kernel/module/signing.c when the kernel enforces signatures.
 * An unknown signer, unknown crypto and a wrong signature have the same errno. */
static int describe_refusal(struct trust_report *t, int answer) {
    const char *reason = answer == -EBADMSG ? "the kernel refused to load it: its signature is malformed (EBADMSG)"
                                            : "the kernel refused to load it because of its "
                                              "signature";

    t->verdict = answer == -ENOPKG   ? VERDICT_UNSUPPORTED
                 : answer == -ENOKEY ? VERDICT_UNKNOWN_SIGNER
                                     : VERDICT_BAD_SIGNATURE;
    t->way = KERNEL_LOAD;
    if (string_set(&t->reason, reason) < 0)
        return -ENOMEM;
    return trust_report_add(t, KERNEL_LOAD, OUTCOME_FAILED, "%s: %s", reason, strerror(-answer));
}

int trust_diagnose_refusal(struct host *h, const struct trust_machine *machine, struct module_file *f,
                           int answer, struct trust_report *ret) {
    _cleanup_(trust_report_done) struct trust_report report = {};
    int r;

    r = trust_verify_module(h, machine, f, TRUST_NO_LOAD, &report);
    if (r < 0)
        return r;
    /* The kernel's refusal is final. Its EPERM has causes other than a signature. */
    if (report.verdict == VERDICT_PARSER_FAILED || (report.verdict == VERDICT_VERIFIED && answer != -EPERM))
        r = describe_refusal(&report, answer);
    if (r >= 0)
        *ret = TAKE_STRUCT(report);
    return MIN(r, 0);
}

int trust_verify_module(struct host *h, const struct trust_machine *machine, struct module_file *f,
                       unsigned flags, struct trust_report *ret) {
    struct trust_subject subject = {
        .data = f->data,
        .data_size = f->signature.signed_size,
        .signature = f->signature.present ? f->data + f->signature.signed_size : NULL,
        .signature_size = f->signature.signature_size,
        .sha256 = f->sha256,
    };

    module_file_sha256(f);
    return trust_verify(h, machine, &subject, flags, ret);
}

int trust_check(const struct trust_report *t, enum signature_policy policy, const char *what,
                struct error *e) {
    int r;

    if (verdict_accepted(t->verdict, policy))
        return 0;
    r = error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED, "%s: %s (%s, Signature=%s)", what,
                  strempty(t->reason), verdict_to_string(t->verdict),
                  signature_policy_to_string(policy));
    (void) error_place_last(e, r, what);
    return t->hint ? error_hint(e, r, "%s", t->hint) : r;
}
