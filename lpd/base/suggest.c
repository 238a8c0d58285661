/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <strings.h>

#include "base/suggest.h"

#define WORD_MAX 63

/* Levenshtein's distance, with two neighbours swapped counting as one step: the commonest slip. */
static size_t edit_distance(const char *a, const char *b) {
    size_t rows[3][WORD_MAX + 1], n = strlen(b);
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= n; j++)
        above[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t *spare = before;

        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            bool same = tolower((unsigned char) a[i]) == tolower((unsigned char) b[j]);

            row[j + 1] = MIN(MIN(above[j + 1], row[j]) + 1, above[j] + !same);
            if (i > 0 && j > 0 && tolower((unsigned char) a[i]) == tolower((unsigned char) b[j - 1]) &&
                tolower((unsigned char) a[i - 1]) == tolower((unsigned char) b[j]))
                row[j + 1] = MIN(row[j + 1], before[j - 1] + 1);
        }
        before = above;
        above = row;
        row = spare;
    }
    return above[n];
}

const char *suggest(const char *word, const char *const *candidates, size_t n) {
    size_t length = strlen(word), nearest = length / 3 + 1;
    const char *best = NULL;

    if (length == 0 || length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (length >= 2 && strncasecmp(candidates[i], word, length) == 0)
            return candidates[i];
    for (size_t i = 0; i < n; i++) {
        size_t distance;

        if (strlen(candidates[i]) > WORD_MAX)
            continue;
        distance = edit_distance(word, candidates[i]);
        if (distance <= nearest && (!best || distance < nearest)) {
            nearest = distance;
            best = candidates[i];
        }
    }
    return best;
}
