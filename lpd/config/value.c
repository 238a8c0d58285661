/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>

#include "base/strv.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "config/name.h"
#include "config/parse.h"
#include "config/value.h"

#define BLANKS " \t"
/* The plan looks up each name, so the number is limited. */
#define ADOPT_MAX 16
#define NAMES_MAX 256
#define WORDS_MAX 4096

static int refuse(const struct ini_key *k, const char *value, const char *what, struct error *e) {
    char quote[UTF8_QUOTE_SIZE];

    return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "%s= takes %s, not '%s'", k->name, what,
                     utf8_quote(value, quote));
}

/* Stores NULL for "". */
static int store_copy(const char *value, void *field) {
    return string_set(field, *value ? value : NULL);
}

int value_string(const struct ini_key *k _unused_, const char *value, void *field,
                 struct error *e _unused_) {
    return store_copy(value, field);
}

int value_boolean(const struct ini_key *k, const char *value, void *field, struct error *e) {
    return parse_boolean(value, field) < 0 ? refuse(k, value, "yes or no", e) : 0;
}

static int find_word(const struct ini_key *k, const char *value) {
    for (size_t i = 0; i < k->n_words; i++)
        if (streq(k->words[i], value))
            return (int) i;
    return -ENOENT;
}

/* Joins as in "one, two or three". */
static char *words_join(const char *const *words, size_t n, const char *last_separator) {
    size_t size = 1;
    char *joined, *end;

    for (size_t i = 0; i < n; i++)
        size += strlen(words[i]) + MAX(strlen(last_separator), STRLEN(", "));
    joined = end = malloc(size);
    if (!joined)
        return NULL;
    *end = '\0';
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            end = stpcpy(end, i + 1 == n ? last_separator : ", ");
        end = stpcpy(end, words[i]);
    }
    return joined;
}

static int refuse_word(const struct ini_key *k, const char *value, const char *last_separator,
                       struct error *e) {
    _cleanup_free_ char *what = NULL;
    const char *near;

    if (!e)
        return -EBADMSG;
    what = words_join(k->words, k->n_words, last_separator);
    if (!what)
        return -ENOMEM;
    near = suggest(value, k->words, k->n_words);
    if (!near)
        return refuse(k, value, what, e);
    return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "%s= takes %s, not '%s' (did you mean '%s'?)",
                     k->name, what, value, near);
}

int value_word(const struct ini_key *k, const char *value, void *field, struct error *e) {
    int i = find_word(k, value);

    if (i < 0)
        return refuse_word(k, value, " or ", e);
    *(unsigned *) field = (unsigned) i;
    return 0;
}

int value_word_set(const struct ini_key *k, const char *value, void *field, struct error *e) {
    _cleanup_strv_free_ char **l = NULL;
    unsigned set = 0;
    int r;

    r = strv_extend_split(&l, value, BLANKS);
    if (r < 0)
        return r;
    STRV_FOREACH(s, l) {
        int i = find_word(k, *s);

        if (i < 0)
            return refuse_word(k, *s, " and ", e);
        set |= 1u << i;
    }
    if (k->repeats && *value)
        set |= *(unsigned *) field;
    *(unsigned *) field = set;
    return 0;
}

/* Whether a list has room for more words. */
static int check_room(const struct ini_key *k, size_t n, size_t max, struct error *e) {
    return n <= max ? 0 : error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "%s= takes at most %zu words",
                                    k->name, max);
}

int value_list(const struct ini_key *k, const char *value, void *field, struct error *e) {
    _cleanup_strv_free_ char **words = NULL;
    char ***list = field;
    int r;

    if (!*value) {
        *list = strv_free(*list);
        return 0;
    }
    r = strv_extend_split(&words, value, BLANKS);
    if (r >= 0)
        r = check_room(k, strv_length(*list) + strv_length(words), WORDS_MAX, e);
    return r < 0 ? r : strv_extend_split(list, value, BLANKS);
}

/* A name that is already in the list is not added again. */
int value_names(const struct ini_key *k, const char *value, void *field, struct error *e) {
    _cleanup_strv_free_ char **words = NULL;
    char ***list = field;
    size_t n = strv_length(*list);
    int r;

    if (!*value)
        return value_list(k, value, field, e);
    r = strv_extend_split(&words, value, BLANKS);
    if (r >= 0)
        r = check_room(k, strv_length(words), NAMES_MAX, e);
    if (r < 0)
        return r;
    STRV_FOREACH(s, words) {
        if (!patch_name_is_valid(*s))
            return refuse(k, *s, "names of letters, digits, '-', '_' and '.'", e);
        n += !strv_contains(*list, *s);
    }
    r = check_room(k, n, NAMES_MAX, e);
    STRV_FOREACH(s, words)
        if (r >= 0 && !strv_contains(*list, *s))
            r = strv_extend(list, *s);
    return r;
}

int value_number(const struct ini_key *k, const char *value, void *field, struct error *e) {
    char what[STRLEN("a number from  to ") + 2 * 3 * sizeof(unsigned) + 1];
    unsigned n;

    if (parse_unsigned(value, &n) < 0 || n < k->min || n > k->max) {
        (void) snprintf(what, sizeof(what), "a number from %u to %u", (unsigned) k->min,
                        (unsigned) k->max);
        return refuse(k, value, what, e);
    }
    *(unsigned *) field = n;
    return 0;
}

int value_timespan(const struct ini_key *k, const char *value, void *field, struct error *e) {
    uint64_t usec;

    if (parse_timespan(value, &usec) < 0)
        return refuse(k, value, "a time span such as 90s, 2min 30s or infinity", e);
    if (usec < k->min)
        return refuse(k, value, "a time span above zero, or infinity", e);
    *(uint64_t *) field = usec;
    return 0;
}

/* Whether the path is absolute, without "//", "." or "..", and without a '/' at the end. */
static bool path_is_normalized(const char *path) {
    if (*path != '/')
        return false;
    while (*path) {
        size_t n = strcspn(++path, "/");

        if (n == 0 || (path[0] == '.' && (n == 1 || (n == 2 && path[1] == '.'))))
            return false;
        path += n;
    }
    return true;
}

int value_program(const struct ini_key *k, const char *value, void *field, struct error *e) {
    if (*value && (!path_is_normalized(value) || strpbrk(value, BLANKS)))
        return refuse(k, value, "the absolute path of a program, without arguments", e);
    return store_copy(value, field);
}

int value_file(const struct ini_key *k, const char *value, void *field, struct error *e) {
    bool name = !strchr(value, '/') && *value != '.';

    if (!name && !path_is_normalized(value))
        return refuse(k, value, "a plain file name or an absolute path without '..'", e);
    return store_copy(value, field);
}

/* One component %v, and no other specifier. */
static bool has_release(const char *path) {
    const char *at = strchr(path, '%');

    return at && at > path + 1 && at[-1] == '/' && at[1] == 'v' && (at[2] == '\0' || at[2] == '/') &&
           !strchr(at + 1, '%');
}

int value_release_paths(const struct ini_key *k, const char *value, void *field, struct error *e) {
    _cleanup_strv_free_ char **words = NULL;
    char ***list = field;
    int r;

    if (!*value)
        return value_list(k, value, field, e);
    r = strv_extend_split(&words, value, BLANKS);
    STRV_FOREACH(s, words)
        if (r >= 0 && (!path_is_normalized(*s) || !has_release(*s)))
            r = refuse(k, *s, k->takes, e);
    if (r >= 0)
        r = check_room(k, strv_length(*list) + strv_length(words), ADOPT_MAX, e);
    STRV_FOREACH(s, words)
        if (r >= 0 && !strv_contains(*list, *s))
            r = strv_extend(list, *s);
    return r;
}

static bool is_hex(const struct ini_key *k, const char *s) {
    size_t n = strspn(s, "0123456789abcdefABCDEF");

    return !s[n] && n % 2 == 0 && n >= k->min && n <= k->max;
}

static int store_lower(const char *value, void *field) {
    int r;

    r = store_copy(value, field);
    for (char *c = r < 0 ? NULL : *(char **) field; c && *c; c++)
        *c = (char) tolower((unsigned char) *c);
    return r;
}

int value_hex(const struct ini_key *k, const char *value, void *field, struct error *e) {
    if (*value && !is_hex(k, value))
        return refuse(k, value, k->takes, e);
    return store_lower(value, field);
}

int value_hex_list(const struct ini_key *k, const char *value, void *field, struct error *e) {
    _cleanup_strv_free_ char **l = NULL;
    _cleanup_free_ char *joined = NULL;
    int r;

    r = strv_extend_split(&l, value, BLANKS);
    if (r < 0)
        return r;
    STRV_FOREACH(s, l)
        if (!is_hex(k, *s))
            return refuse(k, *s, k->takes, e);
    joined = strv_join(l, " ");
    return joined ? store_lower(joined, field) : -ENOMEM;
}

int value_volume(const struct ini_key *k, const char *value, void *field, struct error *e) {
    static const char *const tags[] = { "LABEL=", "UUID=", "PARTUUID=", "PARTLABEL=" };
    bool good = !*value || find_word(k, value) >= 0;

    for (size_t i = 0; i < ELEMENTSOF(tags); i++)
        good = good || (startswith(value, tags[i]) && value[strlen(tags[i])]);
    if (!good)
        return refuse(k, value, k->takes, e);
    return store_copy(value, field);
}
