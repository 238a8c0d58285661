/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/digest.h"
#include "base/hex.h"
#include "plan/rollout.h"
#include "version.h"

#define MESSAGE "systemd-fraction-"

int rollout_position(const char *machine_id, const char *name, uint32_t *ret) {
    uint8_t digest[SHA256_SIZE];
    _cleanup_free_ char *message = NULL;
    _cleanup_free_ void *key = NULL;
    size_t size;
    int r;

    r = hex_decode(machine_id, &key, &size);
    if (r < 0)
        return r;
    if (asprintf(&message, MESSAGE "%s", name) < 0)
        return -ENOMEM;
    for (char *c = message + STRLEN(MESSAGE); *c; c++)
        if (*c == '-')
            *c = '_';
    r = sha256_take_hmac(key, size, message, strlen(message), digest);
    if (r < 0)
        return r;
    *ret = (uint32_t) digest[0] | (uint32_t) digest[1] << 8 | (uint32_t) digest[2] << 16 |
           (uint32_t) digest[3] << 24;
    return 0;
}

double rollout_percent(uint32_t position) {
    return position * 100.0 / ((uint64_t) 1 << 32);
}

uint64_t rollout_clock(uint64_t clock_usec) {
    return MAX(clock_usec, LPD_BUILD_TIME * USEC_PER_SEC);
}

unsigned rollout_share(const struct waves *w, uint64_t now_usec) {
    unsigned share = 0;

    for (size_t i = 0; i < w->n && w->list[i].since_usec <= now_usec; i++)
        share = w->list[i].share;
    return share;
}

static bool includes(unsigned share, uint32_t position) {
    return (uint64_t) position * 10000 < (uint64_t) share << 32;
}

const struct wave *rollout_wave(const struct waves *w, uint32_t position) {
    for (size_t i = 0; i < w->n; i++)
        if (includes(w->list[i].share, position))
            return w->list + i;
    return NULL;
}
