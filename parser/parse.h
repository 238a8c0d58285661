/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Sets libcrypto up so that it opens no file later. Idempotent. */
void parse_init(void);

/* Reads records (trust/parser-format.h) and answers with JSON (trust/pkcs7-json.h), of at most
 * less than PARSER_ANSWER_SIZE_MAX bytes. -EBADMSG: these are no records. -ENOMEM. */
int parse(const void *input, size_t size, char **ret_json, size_t *ret_size);
