/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* What was probably meant: the candidate that begins with the word, or else the one at the smallest
 * edit distance, if that is small for the word's length. A word that is near the beginning of a
 * candidate counts too ("Tiemout" for "TimeoutSec"), after those that are near as a whole. Case
 * does not count. NULL if none is near. */
const char *suggest(const char *word, const char *const *candidates, size_t n);
