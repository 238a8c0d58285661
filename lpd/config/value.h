/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/ini.h"

/* The functions for ini_key.parse. Each comment gives the type of the field. They return 0,
 * -EBADMSG with "KEY= takes …, not 'VALUE'", or -ENOMEM; on failure the field is unchanged. The
 * empty value is valid only where the comment says so, and as a fallback. */

/* char *: any text; "" is NULL. */
int value_string(const struct ini_key *k, const char *value, void *field, struct error *e);
/* bool */
int value_boolean(const struct ini_key *k, const char *value, void *field, struct error *e);
/* enum: the index of the word. */
int value_word(const struct ini_key *k, const char *value, void *field, struct error *e);
/* unsigned: one bit for each listed word; a key that repeats adds them. */
int value_word_set(const struct ini_key *k, const char *value, void *field, struct error *e);
/* char **: adds the words of the text to the list; "" empties it. */
int value_list(const struct ini_key *k, const char *value, void *field, struct error *e);
/* The same; each word must be a valid name of a patch or module, and is added only once. */
int value_names(const struct ini_key *k, const char *value, void *field, struct error *e);
/* unsigned, from min to max. */
int value_number(const struct ini_key *k, const char *value, void *field, struct error *e);
/* uint64_t: microseconds, at least min. */
int value_timespan(const struct ini_key *k, const char *value, void *field, struct error *e);
/* char *: an absolute, normalized path without blanks: a program without arguments. "" is NULL. */
int value_program(const struct ini_key *k, const char *value, void *field, struct error *e);
/* char *: a file name, or an absolute, normalized path. "" is NULL. */
int value_file(const struct ini_key *k, const char *value, void *field, struct error *e);
/* char **: adds directories, each an absolute, normalized path with one component %v, which stands for
 * a kernel release; "" empties the list. */
int value_release_paths(const struct ini_key *k, const char *value, void *field, struct error *e);
/* char *: an even number of hexadecimal digits from min to max, made lower case. "" is NULL. */
int value_hex(const struct ini_key *k, const char *value, void *field, struct error *e);
/* char *: any number of such values, with one blank between them. "" is NULL. */
int value_hex_list(const struct ini_key *k, const char *value, void *field, struct error *e);
/* char *: LABEL=, UUID=, PARTUUID= or PARTLABEL= of a volume, or one of words. "" is NULL. */
int value_volume(const struct ini_key *k, const char *value, void *field, struct error *e);
