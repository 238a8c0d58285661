/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* What lpd and lpd-parser say to each other, in both directions: records, each this header in the
 * machine's byte order with size bytes behind it. The parser's standard input is a file of records;
 * its standard output is what parser-answer.h writes and reads. */

struct parser_record {
    uint32_t type;
    uint32_t reserved; /* 0 */
    uint64_t size;
};

enum parser_record_type {
    PARSER_RECORD_SIGNATURE = 1, /* PKCS#7 in DER; one at most */
    PARSER_RECORD_DATA,          /* what is signed; one at most */
    PARSER_RECORD_CERTIFICATE,   /* a file offered; their order gives certificate.source */
};

enum parser_answer_type {
    PARSER_ANSWER_END = 1,     /* empty, and the last: the answer is complete */
    PARSER_ANSWER_REFUSED,     /* text: why the signature cannot be used */
    PARSER_ANSWER_SIGNER,      /* records of its fields, likewise the following two */
    PARSER_ANSWER_CERTIFICATE,
    PARSER_ANSWER_UNREADABLE,  /* a file offered that holds no certificate, and why not */
};

/* How lpd-parser ends. Whatever else it says with another status than the first counts for nothing. */
enum parser_exit {
    PARSER_EXIT_ANSWERED = 0,
    PARSER_EXIT_FAILED,
    PARSER_EXIT_NO_JAIL, /* the kernel has no seccomp filters */
};

#define PARSER_SELF_TEST "--self-test"

/* lib/asn1_decoder.c asn1_ber_decoder() takes no more; nor does any real signature come near it. */
#define PARSER_SIGNATURE_SIZE_MAX ((size_t) 65535)
#define PARSER_FILE_SIZE_MAX ((size_t) 1024 * 1024)
#define PARSER_FILES_MAX ((size_t) 256)
#define PARSER_CERTIFICATES_MAX ((size_t) 512)
#define PARSER_SIGNERS_MAX ((size_t) 64)
#define PARSER_ANSWER_SIZE_MAX ((size_t) 8 * 1024 * 1024)

/* The parser limits itself to that much time on the CPU. */
#define PARSER_SECONDS_MAX 10

/* Bytes of another process that are still to be read. */
struct parser_bytes {
    const char *next, *end;
};

static inline size_t parser_bytes_left(const struct parser_bytes *b) {
    return (size_t) (b->end - b->next);
}

/* Takes the next record. 1, or 0 at the end, or -EBADMSG: what follows is no record. */
int parser_record_take(struct parser_bytes *from, uint32_t *ret_type, struct parser_bytes *ret_content);
