/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/certificates.h"
#include "trust/keyrings.h"
#include "trust/pkcs7.h"
#include "trust/verify.h"

/* A judgement in the making: shared by judge.c, ask.c and explain.c only. */

/* How much was read. A certificate names a key, the data tell whether it made the signature: they may be
 * 16 MiB, so they are given to the parser only where that is asked. */
enum reading {
    READING_NONE,
    READING_SIGNATURE,
    READING_CERTIFICATES, /* and every certificate of the machine */
    READING_DATA,         /* and what is signed: verified_by and digest of each signer */
};

struct judging {
    struct host *host;
    const struct trust_machine *machine;
    const struct trust_subject *subject;
    unsigned flags;
    struct kernel_keyrings keyrings;
    struct certificate_files files;
    struct pkcs7 pkcs7;
    enum reading reading; /* of pkcs7 */
    struct trust_report report;
};

/* Has the signature read with as much of the rest, unless that was done before. 0, or what parser_run()
 * says. */
int judging_read(struct judging *j, enum reading reading, struct error *e);

/* Puts the question to the kernel, by the first way that is open. 1: it answered, and the report has the
 * verdict; 0: no way is open; -ENOMEM. */
int ask_kernel(struct judging *j);

/* Whether .blacklist forbids a certificate or the file. Sets the verdict: 1, else 0, or -ENOMEM. */
int judge_revoked(struct judging *j);

/* Which key made the signature, as far as it can be told without its certificate: one that stands in
 * the kernel's keyrings, those of the mask. NULL: cannot be told. */
const struct kernel_key *judging_find_key(const struct judging *j, unsigned keyrings);

/* Those of the keyrings that hold keys, or may, and that the policy leaves out. */
unsigned judging_left_out(const struct judging *j, unsigned keyrings);

/* Without a certificate there is the issuer's name, which is also that of the key if it signed itself:
 * the one key of that name in those keyrings. Good enough for a report, never to trust it. NULL: none,
 * or several. */
const struct kernel_key *judging_guess_key(const struct judging *j, unsigned keyrings);

/* The verdict is that no key was found: finds out where it does stand, and what would help. 0, -ENOMEM. */
int explain_missing_key(struct judging *j);

/* The certificate of a signer that the report is to show: one in the signature before any other. NULL:
 * none is known. */
const struct certificate *signer_certificate(const struct judging *j, const struct signer *signer);

/* Whether the certificate came in the signature. */
static inline bool certificate_is_embedded(const struct certificate *c) {
    return c->source == SIZE_MAX;
}

/* The file that it came from, or NULL if it came in the signature. */
const struct certificate_file *judging_file(const struct judging *j, const struct certificate *c);
