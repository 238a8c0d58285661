/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the frequency of the host's time stamp counter in kHz. An emulated machine reads the same
 * counter, and its kernel, which measures it against emulated timers, is wrong by whole factors on
 * a busy host, so it gets the value. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct moment {
    uint64_t ticks;
    int64_t ns;
};

static struct moment now(void) {
    struct timespec t;
    struct moment m, best = { 0 };
    uint64_t shortest = UINT64_MAX;

    /* Takes the pair that was read without an interruption. */
    for (int i = 0; i < 1000; i++) {
        uint64_t before = __rdtsc();
        clock_gettime(CLOCK_MONOTONIC_RAW, &t);
        m.ticks = __rdtsc();
        m.ns = t.tv_sec * 1000000000LL + t.tv_nsec;
        if (m.ticks - before < shortest) {
            shortest = m.ticks - before;
            best = m;
        }
    }
    return best;
}

int main(void) {
    struct moment start = now();
    nanosleep(&(struct timespec){ .tv_nsec = 200 * 1000 * 1000 }, NULL);
    struct moment end = now();

    printf("%.0f\n", (end.ticks - start.ticks) * 1e6 / (end.ns - start.ns));
    return 0;
}
