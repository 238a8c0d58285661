/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* What lpd and lpd-parser say to each other. The parser's standard input is a file of records,
 * each this header in the machine's byte order with size bytes behind it; its standard output is
 * one JSON text (pkcs7-json.h). */

enum parser_record_type {
    PARSER_RECORD_SIGNATURE = 1, /* PKCS#7 in DER; one at most */
    PARSER_RECORD_DATA,          /* what is signed; one at most */
    PARSER_RECORD_CERTIFICATE,   /* a file offered; their order gives certificate.source */
};

struct parser_record {
    uint32_t type;
    uint32_t reserved; /* 0 */
    uint64_t size;
};

/* lib/asn1_decoder.c asn1_ber_decoder() takes no more; nor does any real signature come near it. */
#define PARSER_SIGNATURE_SIZE_MAX ((size_t) 65535)
#define PARSER_FILE_SIZE_MAX ((size_t) 1024 * 1024)
#define PARSER_FILES_MAX ((size_t) 256)
#define PARSER_CERTIFICATES_MAX ((size_t) 512)
#define PARSER_SIGNERS_MAX ((size_t) 64)
#define PARSER_ANSWER_SIZE_MAX ((size_t) 8 * 1024 * 1024)

/* The parser limits itself to that much time on the CPU. */
#define PARSER_SECONDS_MAX 10
