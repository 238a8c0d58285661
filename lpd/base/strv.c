/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"

int string_set(char **to, const char *from) {
    char *copy = from ? strdup(from) : NULL;

    if (from && !copy)
        return -ENOMEM;
    free(*to);
    *to = copy;
    return 0;
}

char **strv_free(char **l) {
    STRV_FOREACH(s, l)
        free(*s);
    free(l);
    return NULL;
}

size_t strv_length(char *const *l) {
    size_t n = 0;

    STRV_FOREACH(s, l)
        n++;
    return n;
}

bool strv_contains(char *const *l, const char *s) {
    STRV_FOREACH(i, l)
        if (streq(*i, s))
            return true;
    return false;
}

void strv_remove(char **l, const char *s) {
    char **kept = l;

    STRV_FOREACH(p, l)
        if (streq(*p, s))
            free(*p);
        else
            *kept++ = *p;
    if (l)
        *kept = NULL;
}

int strv_consume(char ***l, char *s) {
    size_t n = strv_length(*l);
    char **grown;

    if (!s)
        return -ENOMEM;

    /* The capacity doubles, so that a long list is not copied for every string. */
    if ((n & (n + 1)) == 0) {
        grown = reallocarray(*l, 2 * n + 2, sizeof(char *));
        if (!grown) {
            free(s);
            return -ENOMEM;
        }
        *l = grown;
    }
    (*l)[n] = s;
    (*l)[n + 1] = NULL;
    return 0;
}

int strv_extend(char ***l, const char *s) {
    return strv_consume(l, strdup(s));
}

static size_t count_words(const char *s, const char *separators) {
    size_t n = 0;

    for (s += strspn(s, separators); *s; s += strspn(s, separators), n++)
        s += strcspn(s, separators);
    return n;
}

/* Reserves the capacity for all of them at once, because appending one searches for the end of the
 * list. */
int strv_extend_split(char ***l, const char *s, const char *separators) {
    size_t n = strv_length(*l), words = count_words(s, separators), room = 1;
    char **grown;

    if (words == 0)
        return 0;
    /* In the layout that strv_consume() expects. */
    while (room < n + words + 1)
        room *= 2;
    grown = reallocarray(*l, room, sizeof(char *));
    if (!grown)
        return -ENOMEM;
    *l = grown;
    grown[n] = NULL;
    for (s += strspn(s, separators); *s; s += strspn(s, separators)) {
        size_t size = strcspn(s, separators);

        grown[n] = strndup(s, size);
        if (!grown[n])
            return -ENOMEM;
        grown[++n] = NULL;
        s += size;
    }
    return 0;
}

char *strv_join(char *const *l, const char *separator) {
    size_t size = 1;
    char *joined, *end;

    STRV_FOREACH(s, l)
        size += strlen(*s) + strlen(separator);
    joined = end = malloc(size);
    if (!joined)
        return NULL;
    *end = '\0';
    STRV_FOREACH(s, l) {
        if (s != l)
            end = stpcpy(end, separator);
        end = stpcpy(end, *s);
    }
    return joined;
}

static int compare_version(const void *a, const void *b) {
    return strverscmp(*(char *const *) a, *(char *const *) b);
}

void strv_sort_version(char **l) {
    if (l)
        qsort(l, strv_length(l), sizeof(char *), compare_version);
}
