/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <strings.h>

#include "base/suggest.h"

#define WORD_MAX 63

static bool same(char a, char b) {
    return tolower((unsigned char) a) == tolower((unsigned char) b);
}

/* Levenshtein's distance, where swapping two neighbors, the most common slip, counts as one step.
 * *ret_beginning is the distance to the nearest beginning of b. */
static size_t edit_distance(const char *a, const char *b, size_t *ret_beginning) {
    size_t rows[3][WORD_MAX + 1], n = strlen(b);
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= n; j++)
        above[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t *spare = before;

        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            row[j + 1] = MIN(MIN(above[j + 1], row[j]) + 1, above[j] + !same(a[i], b[j]));
            if (i > 0 && j > 0 && same(a[i], b[j - 1]) && same(a[i - 1], b[j]))
                row[j + 1] = MIN(row[j + 1], before[j - 1] + 1);
        }
        before = above;
        above = row;
        row = spare;
    }
    *ret_beginning = above[0];
    for (size_t j = 1; j <= n; j++)
        *ret_beginning = MIN(*ret_beginning, above[j]);
    return above[n];
}

const char *suggest(const char *word, const char *const *candidates, size_t n) {
    size_t length = strlen(word), nearest = MAX(length / 3, (size_t) 1) + 1;
    size_t nearest_beginning = length / 4 + 1;
    const char *best = NULL, *best_beginning = NULL;

    if (length == 0 || length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (length >= 2 && strncasecmp(candidates[i], word, length) == 0)
            return candidates[i];
    for (size_t i = 0; i < n; i++) {
        size_t distance, beginning;

        if (strlen(candidates[i]) > WORD_MAX)
            continue;
        distance = edit_distance(word, candidates[i], &beginning);
        if (distance < nearest) {
            nearest = distance;
            best = candidates[i];
        }
        if (beginning < nearest_beginning) {
            nearest_beginning = beginning;
            best_beginning = candidates[i];
        }
    }
    return best ? best : best_beginning;
}
