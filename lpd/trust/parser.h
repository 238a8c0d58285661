/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/certificates.h"
#include "trust/pkcs7.h"

/* lpd-parser reads all untrusted ASN.1. It is a separate program that can only read its input and
 * write its answer (seccomp(2)), so that a fault in a parser gains an attacker nothing. */

struct parser_request {
    const void *signature; /* PKCS#7 in DER; NULL: read only certificates */
    size_t signature_size;
    const void *data;      /* the signed data, for digests and verified_by; NULL: not needed */
    size_t data_size;
    const struct certificate_files *files; /* offered certificates; may be NULL. With a signature
                                            * and no data, only those of possible signers are
                                            * read */
    uint64_t deadline;     /* parser_deadline(); 0: a minute from now */
};

/* That many seconds from now, in microseconds of CLOCK_MONOTONIC. */
uint64_t parser_deadline(unsigned seconds);

/* Runs lpd-parser and waits for it. -EBADMSG (EXIT_STATUS_REFUSED): the signature is no PKCS#7
 * SignedData that the module loader would accept, with the reason. EXIT_STATUS_FAILED: the parser
 * could not be run (-ENOENT, …), died (-EPIPE), took too long (-ETIMEDOUT), or gave an invalid
 * answer (-EPROTO). */
int parser_run(const struct parser_request *request, struct pkcs7 *ret, struct error *e);

/* Whether lpd-parser works on this machine: runs it on a signature of its own. 0, or an error of
 * parser_run() except -EBADMSG. */
int parser_self_test(uint64_t deadline, struct error *e);
