/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "parse.h"
#include "trust/parser-answer.h"

#define DATA "what is signed"

/* Runs the parser on one input, and lpd's reader on its answer: the reader must accept every
 * answer. */
static inline void fuzz_parse(enum parser_record_type type, const uint8_t *data, size_t size) {
    struct parser_record records[] = { { .type = PARSER_RECORD_DATA, .size = strlen(DATA) },
                                       { .type = type, .size = size } };
    struct certificate_file file = { .path = (char *) "file" };
    struct certificate_files files = { .files = &file, .n_files = 1 };
    size_t input_size = sizeof(records) + strlen(DATA) + size;
    char *input = malloc(input_size), *next;
    struct parser_answer answer = {};
    struct error e = ERROR_NULL;
    struct pkcs7 p = {};
    int r;

    next = mempcpy(input, &records[0], sizeof(records[0]));
    next = mempcpy(next, DATA, strlen(DATA));
    next = mempcpy(next, &records[1], sizeof(records[1]));
    memcpy(next, data, size);
    if (parse(input, input_size, &answer) < 0)
        abort();
    r = parser_answer_read(answer.data, answer.size, &files, &p, &e);
    if (r < 0 ? r != -EBADMSG || !e.message : type == PARSER_RECORD_SIGNATURE && p.n_signers == 0)
        abort();
    for (size_t i = 0; i < p.n_signers; i++)
        if (p.signers[i].verified_by != SIZE_MAX && !p.signers[i].encoding)
            abort();
    error_done(&e);
    pkcs7_done(&p);
    parser_answer_done(&answer);
    free(input);
}
