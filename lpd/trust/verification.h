/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/certificates.h"
#include "trust/keyrings.h"
#include "trust/pkcs7.h"
#include "trust/report.h"
#include "trust/subject.h"

/* A verification in progress: what was read, and the findings so far. Internal to this
 * directory. */

/* How much was read. A certificate identifies a key; the data, which may be 16 MiB, show whether
 * that key made the signature. So the parser gets the data only if that is needed. */
enum reading {
    READING_NONE,
    READING_SIGNATURE,
    READING_CERTIFICATES, /* and all certificates of the machine */
    READING_DATA,         /* and the signed data: verified_by and digest of each signer */
};

struct verification {
    struct host *host;
    const struct trust_machine *machine;
    const struct trust_subject *subject;
    unsigned flags;
    struct kernel_keyrings keyrings;
    bool keyrings_read;
    struct certificate_files files;
    bool files_read;
    struct pkcs7 pkcs7;
    enum reading reading; /* of pkcs7 */
    uint64_t start;       /* CLOCK_MONOTONIC: start of the time for the verdict */
    enum reading failed;  /* the least that lpd-parser failed to read, or READING_NONE */
    int failure_errno;
    struct error failure; /* the result */
    struct trust_report report;
};

void verification_done(struct verification *j);

/* Has the parser read the signature with at least that much, unless it did so before. 0, or an
 * error of parser_run(); a reading that failed once is not repeated. */
int verification_read(struct verification *j, enum reading reading, struct error *e);

/* Reads the kernel's keyrings into j->keyrings, once. 0 or -ENOMEM. */
int verification_read_keyrings(struct verification *j);

/* Reads the certificates of the firmware and of the key directories into j->files, once. 0 or a
 * negative errno. */
int verification_read_files(struct verification *j);

/* The deadline for a part of the verdict. Other certificates may use half of the time; a quarter
 * is reserved to find out whether lpd-parser, if it has failed, works at all. */
enum quarter { QUARTER_CERTIFICATES = 2, QUARTER_READING = 3, QUARTER_SELF_TEST = 4 };

/* The end of that quarter, as of parser_deadline(). */
uint64_t verification_deadline(const struct verification *j, enum quarter quarter);

/* verification_read() within the time up to that deadline. */
int verification_read_within(struct verification *j, enum reading reading, enum quarter quarter,
                             struct error *e);

/* The keyrings that .secondary_trusted_keys includes: itself, and those that it links to. */
#define SECONDARY_KEYRINGS (KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_MACHINE)

/* The key of that signer in those keyrings, by its key id or by its certificate. NULL: unknown. */
const struct kernel_key *signer_find_key(const struct verification *j, const struct signer *signer,
                                         unsigned keyrings);

/* The key that made the signature, as far as that is known without its certificate: one in the
 * kernel's keyrings of the mask. NULL: unknown. */
const struct kernel_key *verification_find_key(const struct verification *j, unsigned keyrings);

/* The keyrings that have keys, or may have, and that the policy leaves out. */
unsigned verification_left_out(const struct verification *j, unsigned keyrings);

/* Without a certificate only the issuer's name is known, which is also the name of a self-signed
 * key. Finds the only key of that name in those keyrings. Good enough for a report, not for trust.
 * NULL: none, or several. */
const struct kernel_key *verification_guess_key(const struct verification *j, unsigned keyrings);

/* The signer's certificate for the report: one in the signature before any other. NULL:
 * unknown. */
const struct certificate *signer_certificate(const struct verification *j, const struct signer *signer);

/* Whether the certificate was in the signature. */
static inline bool certificate_is_embedded(const struct certificate *c) {
    return c->source == SIZE_MAX;
}

/* The file that it came from, or NULL if it was in the signature. */
const struct certificate_file *verification_file(const struct verification *j, const struct certificate *c);
