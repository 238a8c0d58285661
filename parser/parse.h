/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/parser-answer.h"

/* Initializes libcrypto so that it opens no file later and needs no random numbers. Idempotent. */
void parse_init(void);

/* Reads records (trust/parser-format.h) and answers them. -EBADMSG: invalid records. -ENOMEM. */
int parse(const void *input, size_t size, struct parser_answer *ret);
