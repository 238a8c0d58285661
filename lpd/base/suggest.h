/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The candidate that was probably meant: one that begins with the word, or else the one at the
 * smallest edit distance, if that is small for the word's length. A word that resembles the
 * beginning of a candidate counts too ("Tiemout" for "TimeoutSec"), after candidates that resemble
 * it as a whole. Case is ignored. NULL if none is near. */
const char *suggest(const char *word, const char *const *candidates, size_t n);
