/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The protocol of lpd and lpd-parser, in both directions: records, each with this header in the
 * machine's byte order, followed by size bytes. The parser's standard input is a file of records;
 * its standard output is what parser-answer.h writes and reads. */

struct parser_record {
    uint32_t type;
    uint32_t reserved; /* 0 */
    uint64_t size;
};

enum parser_record_type {
    PARSER_RECORD_SIGNATURE = 1, /* PKCS#7 in DER; at most one */
    PARSER_RECORD_DATA,          /* the signed data; at most one */
    PARSER_RECORD_CERTIFICATE,   /* an offered file; their order gives certificate.source */
};

enum parser_answer_type {
    PARSER_ANSWER_END = 1,     /* empty, and the last one: the answer is complete */
    PARSER_ANSWER_REFUSED,     /* text: why the signature cannot be used */
    PARSER_ANSWER_SIGNER,      /* records of the object's fields, as for the next two */
    PARSER_ANSWER_CERTIFICATE,
    PARSER_ANSWER_UNREADABLE,  /* an offered file without a certificate, and why */
};

/* The exit status of lpd-parser. Its answer counts only with the first one. */
enum parser_exit {
    PARSER_EXIT_ANSWERED = 0,
    PARSER_EXIT_FAILED,
    PARSER_EXIT_NO_JAIL, /* the kernel has no seccomp filters */
};

#define PARSER_SELF_TEST "--self-test"

/* The limit of asn1_ber_decoder() in lib/asn1_decoder.c; real signatures are much smaller. */
#define PARSER_SIGNATURE_SIZE_MAX ((size_t) 65535)
#define PARSER_FILE_SIZE_MAX ((size_t) 1024 * 1024)
#define PARSER_FILES_MAX ((size_t) 256)
#define PARSER_CERTIFICATES_MAX ((size_t) 512)
#define PARSER_SIGNERS_MAX ((size_t) 64)
#define PARSER_ANSWER_SIZE_MAX ((size_t) 8 * 1024 * 1024)

/* The parser limits its CPU time to this. */
#define PARSER_SECONDS_MAX 10

/* Unread bytes from another process. */
struct parser_bytes {
    const char *next, *end;
};

static inline size_t parser_bytes_left(const struct parser_bytes *b) {
    return (size_t) (b->end - b->next);
}

/* Takes the next record. 1, or 0 at the end, or -EBADMSG: invalid record. */
int parser_record_take(struct parser_bytes *from, uint32_t *ret_type, struct parser_bytes *ret_content);
