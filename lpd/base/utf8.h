/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The length in bytes of the character at s: well-formed UTF-8 (RFC 3629) within n bytes, and
 * neither a control character (C0, DEL, C1) nor a noncharacter. 0 if there is none. */
size_t utf8_valid(const char *s, size_t n);

/* The same, and 0 as well for what is invisible or changes how the text around it is shown. */
size_t utf8_printable(const char *s, size_t n);

/* Makes each byte of s that is not part of a printable character a '?', so that names and strings
 * of strangers can go to terminals, tables and JSON. Returns s. */
char *utf8_make_printable(char *s);

/* s for a message: what goes beyond that size, in bytes with the NUL, is cut off behind a character and
 * stands as "…". Returns buffer. */
#define UTF8_QUOTE_SIZE 100
const char *utf8_quote(const char *s, char buffer[UTF8_QUOTE_SIZE]);
