/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Replaces a string by a copy of another, which may be NULL. Returns 0 or -ENOMEM. */
int string_set(char **to, const char *from);

/* NULL-terminated lists of strings; NULL is the empty list. Only these functions may extend a list,
 * because they know its capacity. */

char **strv_free(char **l);
DEFINE_TRIVIAL_CLEANUP_FUNC(char **, strv_free)
#define _cleanup_strv_free_ _cleanup_(strv_freep)

size_t strv_length(char *const *l);
bool strv_contains(char *const *l, const char *s);

/* Takes that string out, wherever it is in the list. */
void strv_remove(char **l, const char *s);

/* Appends a copy of s. Returns 0 or -ENOMEM. */
int strv_extend(char ***l, const char *s);

/* Appends s itself. The list owns it from then on, also on failure. 0 or -ENOMEM. */
int strv_consume(char ***l, char *s);

/* Splits at any of the separators and appends the non-empty words. Returns 0 or -ENOMEM. */
int strv_extend_split(char ***l, const char *s, const char *separators);

/* Joins with the separator; the empty list gives "". Returns NULL if memory runs out. */
char *strv_join(char *const *l, const char *separator);

/* Sorts in the version order of the C library's strverscmp(3): lp-9 before lp-10. */
void strv_sort_version(char **l);

#define STRV_FOREACH(s, l) for (char *const *s = (l); s && *s; s++)
