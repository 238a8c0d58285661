/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Whether s is one word of printable ASCII characters: no blanks. */
bool ascii_is_word(const char *s);

/* The length in bytes of the character at s: well-formed UTF-8 (RFC 3629) within n bytes, and
 * neither a control character (C0, DEL, C1) nor a noncharacter. 0 if there is none. */
size_t utf8_valid(const char *s, size_t n);

/* The same, but 0 also for a character that is invisible or changes how text around it is shown. */
size_t utf8_printable(const char *s, size_t n);

/* Replaces each byte of s that is not part of a printable character by '?', so that untrusted names
 * and strings can go to terminals, tables and JSON. Returns s. */
char *utf8_make_printable(char *s);

/* The same for a text of several lines: newlines and tabs stay. */
char *utf8_make_printable_text(char *s);

/* Shortens s for a message: text beyond that size, in bytes with the NUL, is cut off after a
 * character and replaced by "…". Returns buffer. */
#define UTF8_QUOTE_SIZE 100
const char *utf8_quote(const char *s, char buffer[UTF8_QUOTE_SIZE]);
