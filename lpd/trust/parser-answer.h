/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/certificates.h"
#include "trust/parser-format.h"
#include "trust/pkcs7.h"

/* The answer of lpd-parser: it writes the unreadable files, the signers and certificates, and the
 * end, in this order; or only a refusal. */
struct parser_answer {
    char *data;
    size_t size, room;
};

void parser_answer_done(struct parser_answer *a);

/* 0, -ENOMEM, -EFBIG: the answer would be longer than PARSER_ANSWER_SIZE_MAX. */
int parser_answer_add_unreadable(struct parser_answer *a, size_t source, const char *reason);
int parser_answer_add_pkcs7(struct parser_answer *a, const struct pkcs7 *p);
int parser_answer_end(struct parser_answer *a);

/* Answers that the signature cannot be used, instead of anything else. */
int parser_answer_refuse(struct parser_answer *a, const char *reason);

/* Reads an answer. It is untrusted, because malicious input may have taken over lpd-parser. files
 * are those that it was given, or NULL. -EBADMSG (EXIT_STATUS_REFUSED): the PKCS#7 cannot be used,
 * with the reason. -EPROTO (EXIT_STATUS_FAILED): invalid answer. -ENOMEM. */
int parser_answer_read(const void *data, size_t size, const struct certificate_files *files,
                       struct pkcs7 *ret, struct error *e);
