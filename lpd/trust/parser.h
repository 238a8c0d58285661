/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/certificates.h"
#include "trust/pkcs7.h"

/* Everything that was made by somebody else in ASN.1 is read by lpd-parser, a program of its own that
 * can do nothing but read its input and write its answer (seccomp(2)): a fault in a parser gains
 * nothing there. */

struct parser_request {
    const void *signature; /* PKCS#7 in DER; NULL: only certificates are to be read */
    size_t signature_size;
    const void *data;      /* what is signed, for digests and verified_by; NULL: not asked for */
    size_t data_size;
    const struct certificate_files *files; /* certificates that are offered; may be NULL. With a signature
                                            * and no data, only those that may be its signers' are read */
    uint64_t deadline;     /* parser_deadline(); 0: a minute from now */
};

/* So many seconds from now, in microseconds of CLOCK_MONOTONIC. */
uint64_t parser_deadline(unsigned seconds);

/* Runs lpd-parser and waits for it. -EBADMSG (EXIT_STATUS_REFUSED): the signature
 * is no PKCS#7 SignedData that the module loader would take, with the reason. EXIT_STATUS_FAILED: the
 * parser could not be run (-ENOENT, …), died (-EPIPE), took too long (-ETIMEDOUT), answered nonsense
 * (-EPROTO). */
int parser_run(const struct parser_request *request, struct pkcs7 *ret, struct error *e);

/* Whether lpd-parser works on this machine at all: runs it over a signature of its own. 0, or what
 * parser_run() says, except -EBADMSG. */
int parser_self_test(uint64_t deadline, struct error *e);
