/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Values in the notation of systemd's tools. All functions are pure, require the whole text to be
 * the value, and return 0, -EINVAL for an invalid value, or -ERANGE for one that is too large. */

/* 1 yes y true t on, 0 no n false f off, in any case: systemd.syntax(7). */
int parse_boolean(const char *s, bool *ret);

/* Decimal digits only. */
int parse_unsigned(const char *s, unsigned *ret);

/* systemd.time(7): "90", "2min 30s", "1.5h", in microseconds; "infinity" is USEC_INFINITY. */
int parse_timespan(const char *s, uint64_t *ret);

/* "0%" to "100%" with at most two decimals, in hundredths of a percent. */
int parse_percent(const char *s, unsigned *ret);

/* "2026-12-01" or "2026-12-01 18:30", both UTC and optionally followed by " UTC", from 1970 on, in
 * microseconds since then. */
int parse_date(const char *s, uint64_t *ret);
