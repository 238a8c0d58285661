/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Lower-case hex, two digits for each byte. NULL if memory runs out. */
char *hex_encode(const void *data, size_t size);

/* Whether the text is lower-case hex for whole bytes; "" is. */
bool hex_is_valid(const char *s);

/* Decodes such a text; *ret is never NULL. -EINVAL if it is not hex, or -ENOMEM. */
int hex_decode(const char *s, void **ret, size_t *ret_size);
