/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/ini.h"

/* Rollout= of a manifest: which share of the machines takes part, and since when. */

struct wave {
    unsigned share;      /* hundredths of a percent, 0…10000 */
    uint64_t since_usec; /* CLOCK_REALTIME; 0: always */
};

/* In order: each later wave has a larger share and a later date. */
struct waves {
    struct wave *list;
    size_t n;
};

void waves_done(struct waves *w);

/* The function for ini_key.parse; the field is a struct waves. Takes "PERCENT[ DATE][, PERCENT DATE]…",
 * where only the first one may do without a date; the later value replaces the earlier one. */
int value_waves(const struct ini_key *k, const char *value, void *field, struct error *e);

/* "2026-12-01 00:00 UTC", or "" for 0; ret has room for that. */
#define WAVE_DATE_SIZE sizeof("2026-12-01 00:00 UTC+++++++++")
void wave_date(uint64_t usec, char ret[static WAVE_DATE_SIZE]);
