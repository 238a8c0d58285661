/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/budget.h"
#include "base/strv.h"
#include "trust/parser.h"
#include "trust/verification.h"

/* A verification that starts within a budget gets at least this much time, even if less is left. */
#define LEAST_USEC (2 * USEC_PER_SEC)

void verification_done(struct verification *j) {
    kernel_keyrings_done(&j->keyrings);
    certificate_files_done(&j->files);
    pkcs7_done(&j->pkcs7);
    error_done(&j->failure);
    trust_report_done(&j->report);
}

/* The module loader prefers a certificate in the signature to one from elsewhere, so lpd does not
 * believe the parser about its origin. */
static bool embedded_is_true(const struct verification *j, const struct pkcs7 *p) {
    for (size_t i = 0; i < p->n_certificates; i++) {
        const struct certificate *c = p->certificates + i;

        if (certificate_is_embedded(c) &&
            !memmem(j->subject->signature, j->subject->signature_size, c->der, c->der_size))
            return false;
    }
    return true;
}

static int run_parser(struct verification *j, enum reading reading, uint64_t deadline, struct error *e) {
    struct parser_request request = {
        .signature = j->subject->signature,
        .signature_size = j->subject->signature_size,
        .deadline = deadline,
    };
    _cleanup_(pkcs7_done) struct pkcs7 read = {};
    int r;

    if (reading >= READING_CERTIFICATES)
        request.files = &j->files;
    if (reading >= READING_DATA) {
        request.data = j->subject->data;
        request.data_size = j->subject->data_size;
    }
    r = parser_run(&request, &read, e);
    if (r < 0)
        return r;
    if (!embedded_is_true(j, &read))
        return error_set(e, -EPROTO, EXIT_STATUS_FAILED,
                         "lpd-parser found a certificate that is not in the signature");
    pkcs7_done(&j->pkcs7);
    j->pkcs7 = TAKE_STRUCT(read);
    j->reading = reading;
    return 0;
}

/* An invalid signature is an answer, not a failure. */
static int note_failure(struct verification *j, enum reading reading, int r, struct error *e) {
    error_done(&j->failure);
    j->failure = TAKE_STRUCT(*e);
    j->failure_errno = r;
    j->failed = reading;
    return r;
}

int verification_read_keyrings(struct verification *j) {
    int r;

    if (j->keyrings_read)
        return 0;
    r = kernel_keyrings_read(j->host, &j->keyrings);
    j->keyrings_read = r >= 0;
    return r;
}

int verification_read_files(struct verification *j) {
    int r;

    if (j->files_read)
        return 0;
    r = certificate_files_read(j->host, &j->files);
    j->files_read = r >= 0;
    return r;
}

uint64_t verification_deadline(const struct verification *j, enum quarter quarter) {
    unsigned seconds = j->machine->seconds ?: TRUST_SECONDS_MAX;
    uint64_t deadline = j->start + quarter * seconds * USEC_PER_SEC / 4;
    const struct budget *b = j->host->budget;
    uint64_t now, left;

    if (!b)
        return deadline;
    now = j->host->ops->now(j->host);
    left = b->end_usec > now ? b->end_usec - now : 0;
    return MIN(deadline, parser_deadline(0) + MAX(left, LEAST_USEC));
}

int verification_read_within(struct verification *j, enum reading reading, enum quarter quarter,
                             struct error *e) {
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    int r;

    if (reading <= j->reading)
        return 0;
    if (j->failed != READING_NONE && reading >= j->failed)
        return error_set(e, j->failure_errno, EXIT_STATUS_FAILED, "%s",
                         error_message(&j->failure, j->failure_errno));
    if (reading >= READING_CERTIFICATES && j->reading < READING_CERTIFICATES) {
        r = verification_read_files(j);
        if (r < 0)
            return r;
    }
    r = run_parser(j, reading, verification_deadline(j, quarter), &problem);
    if (r >= 0 || r == -ENOMEM)
        return r;
    (void) error_set(e, r, problem.exit_status, "%s", error_message(&problem, r));
    return r == -EBADMSG ? r : note_failure(j, reading, r, &problem);
}

int verification_read(struct verification *j, enum reading reading, struct error *e) {
    return verification_read_within(j, reading, QUARTER_READING, e);
}

const struct certificate_file *verification_file(const struct verification *j, const struct certificate *c) {
    return c->source < j->files.n_files ? j->files.files + c->source : NULL;
}

const struct certificate *signer_certificate(const struct verification *j, const struct signer *signer) {
    if (signer->verified_by != SIZE_MAX)
        return j->pkcs7.certificates + signer->verified_by;
    return signer->n_certificates > 0 ? j->pkcs7.certificates + signer->certificates[0] : NULL;
}

const struct kernel_key *signer_find_key(const struct verification *j, const struct signer *signer,
                                         unsigned keyrings) {
    const struct kernel_key *key = NULL;

    if (signer->key_id)
        key = kernel_keyrings_find(&j->keyrings, keyrings, signer->key_id);
    for (size_t i = 0; i < signer->n_certificates && !key; i++) {
        const struct certificate *c = j->pkcs7.certificates + signer->certificates[i];

        if (c->key_id)
            key = kernel_keyrings_find(&j->keyrings, keyrings, c->key_id);
        if (!key && certificate_is_embedded(c) && c->authority_key_id)
            key = kernel_keyrings_find(&j->keyrings, keyrings, c->authority_key_id);
    }
    return key;
}

const struct kernel_key *verification_find_key(const struct verification *j, unsigned keyrings) {
    const struct kernel_key *key = NULL;

    for (size_t i = 0; i < j->pkcs7.n_signers && !key; i++)
        key = signer_find_key(j, j->pkcs7.signers + i, keyrings);
    return key;
}

unsigned verification_left_out(const struct verification *j, unsigned keyrings) {
    unsigned holding = j->keyrings.readable ? 0 : SECONDARY_KEYRINGS | KEYRING_PLATFORM;

    for (size_t i = 0; i < j->keyrings.n_keys; i++)
        holding |= j->keyrings.keys[i].keyring;
    return keyrings & holding & ~j->machine->policy->keyrings;
}

static bool is_named(const struct kernel_key *key, const char *distinguished_name) {
    const char *name = strstr(strempty(distinguished_name), "CN=");
    size_t n = strlen(key->name), length;

    if (!name)
        return false;
    name += STRLEN("CN=");
    length = strcspn(name, ",");
    return length > 0 && length <= n && strncmp(key->name + n - length, name, length) == 0;
}

const struct kernel_key *verification_guess_key(const struct verification *j, unsigned keyrings) {
    const struct kernel_key *found = NULL;

    for (size_t i = 0; i < j->keyrings.n_keys; i++) {
        const struct kernel_key *key = j->keyrings.keys + i;

        if (!(key->keyring & keyrings))
            continue;
        for (size_t k = 0; k < j->pkcs7.n_signers; k++) {
            if (!is_named(key, j->pkcs7.signers[k].issuer))
                continue;
            if (found)
                return NULL;
            found = key;
        }
    }
    return found;
}
