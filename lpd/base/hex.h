/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Lower-case hex, two digits a byte. NULL when out of memory. */
char *hex_encode(const void *data, size_t size);

/* Whether it is nothing but lower-case hex, of whole bytes; "" is. */
bool hex_is_valid(const char *s);

/* The bytes that such a text stands for; *ret is never NULL. -EINVAL: it is none. -ENOMEM. */
int hex_decode(const char *s, void **ret, size_t *ret_size);
