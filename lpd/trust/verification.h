/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/certificates.h"
#include "trust/keyrings.h"
#include "trust/pkcs7.h"
#include "trust/report.h"
#include "trust/subject.h"

/* A verification on its way: what was read, and what was found out so far. Only files of this folder
 * include it. */

/* How much was read. A certificate names a key, the data tell whether it made the signature: they may be
 * 16 MiB, so they are given to the parser only where that is asked. */
enum reading {
    READING_NONE,
    READING_SIGNATURE,
    READING_CERTIFICATES, /* and every certificate of the machine */
    READING_DATA,         /* and what is signed: verified_by and digest of each signer */
};

struct verification {
    struct host *host;
    const struct trust_machine *machine;
    const struct trust_subject *subject;
    unsigned flags;
    struct kernel_keyrings keyrings;
    bool keyrings_read;
    struct certificate_files files;
    struct pkcs7 pkcs7;
    enum reading reading; /* of pkcs7 */
    uint64_t start;       /* CLOCK_MONOTONIC: the time for the verdict runs from here */
    enum reading failed;  /* the least that lpd-parser failed at; READING_NONE: it has not failed */
    int failure_errno;
    struct error failure; /* what became of it */
    struct trust_report report;
};

void verification_done(struct verification *j);

/* Has the signature read with as much of the rest, unless that was done before. 0, or what parser_run()
 * says; what it failed at once is not tried again. */
int verification_read(struct verification *j, enum reading reading, struct error *e);

/* Reads the kernel's keyrings into j->keyrings, once. 0 or -ENOMEM. */
int verification_read_keyrings(struct verification *j);

/* By when a part of the verdict must be done. The certificates of others may take half of the time; a
 * quarter is left to find out whether lpd-parser, which has failed, works at all. */
enum quarter { QUARTER_CERTIFICATES = 2, QUARTER_READING = 3, QUARTER_SELF_TEST = 4 };

/* The end of that quarter, as parser_deadline() has it. */
uint64_t verification_deadline(const struct verification *j, enum quarter quarter);

/* verification_read() in the time up to then. */
int verification_read_within(struct verification *j, enum reading reading, enum quarter quarter,
                             struct error *e);

/* What .secondary_trusted_keys reaches: itself, and what it links. */
#define SECONDARY_KEYRINGS (KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_MACHINE)

/* The key of that signer in those keyrings, by its key id or by its certificate. NULL: none is known. */
const struct kernel_key *signer_find_key(const struct verification *j, const struct signer *signer,
                                         unsigned keyrings);

/* Which key made the signature, as far as it can be told without its certificate: one that stands in
 * the kernel's keyrings, those of the mask. NULL: cannot be told. */
const struct kernel_key *verification_find_key(const struct verification *j, unsigned keyrings);

/* Those of the keyrings that hold keys, or may, and that the policy leaves out. */
unsigned verification_left_out(const struct verification *j, unsigned keyrings);

/* Without a certificate there is the issuer's name, which is also that of the key if it signed itself:
 * the one key of that name in those keyrings. Good enough for a report, never to trust it. NULL: none,
 * or several. */
const struct kernel_key *verification_guess_key(const struct verification *j, unsigned keyrings);

/* The certificate of a signer that the report is to show: one in the signature before any other. NULL:
 * none is known. */
const struct certificate *signer_certificate(const struct verification *j, const struct signer *signer);

/* Whether the certificate came in the signature. */
static inline bool certificate_is_embedded(const struct certificate *c) {
    return c->source == SIZE_MAX;
}

/* The file that it came from, or NULL if it came in the signature. */
const struct certificate_file *verification_file(const struct verification *j, const struct certificate *c);
