/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "plan/rollout.h"

/* A fleet with random machine ids: each wave takes in its share, nobody leaves, and the positions for two
 * patches are independent. LPD_MACHINES says how many machines. */

#define CELLS 10
/* The value that chi-square with (CELLS - 1)^2 degrees of freedom exceeds once in a thousand times. */
#define CHI_SQUARE_LIMIT 126.08

static const struct wave list[] = { { 100, 1 }, { 2500, 2 }, { 6050, 3 }, { 10000, 4 } };
static const struct waves waves = { (struct wave *) list, ELEMENTSOF(list) };

/* SplitMix64, so that each run has the same fleet. */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint32_t position_of(const char *id, const char *name) {
    uint32_t position;

    assert_int_equal(rollout_position(id, name, &position), 0);
    return position;
}

static unsigned cell_of(uint32_t position) {
    return (unsigned) ((uint64_t) position * CELLS >> 32);
}

static bool is_in(uint32_t position, uint64_t now_usec) {
    const struct wave *wave = rollout_wave(&waves, position);

    return wave && wave->since_usec <= now_usec;
}

/* Within 0.1 points for a million machines, and for fewer within 5 standard deviations. */
static void assert_share(unsigned long in, unsigned long machines, unsigned share) {
    double wanted = share / 10000.0, is = (double) in / (double) machines;
    double tolerance = machines >= 1000000 ? 0.001 : 5 * sqrt(wanted * (1 - wanted) / (double) machines);

    printf("wave of %.2f %%: %.3f %% of %lu machines\n", wanted * 100, is * 100, machines);
    if (fabs(is - wanted) > tolerance)
        fail_msg("more than %.3f points off", tolerance * 100);
}

static double chi_square(unsigned long cells[CELLS][CELLS], unsigned long machines) {
    double rows[CELLS] = {}, columns[CELLS] = {}, sum = 0;

    for (unsigned i = 0; i < CELLS; i++)
        for (unsigned k = 0; k < CELLS; k++) {
            rows[i] += (double) cells[i][k];
            columns[k] += (double) cells[i][k];
        }
    for (unsigned i = 0; i < CELLS; i++)
        for (unsigned k = 0; k < CELLS; k++) {
            double expected = rows[i] * columns[k] / (double) machines;

            sum += ((double) cells[i][k] - expected) * ((double) cells[i][k] - expected) / expected;
        }
    return sum;
}

static void test_fleet(void **state _unused_) {
    const char *count = getenv("LPD_MACHINES");
    unsigned long machines = count ? strtoul(count, NULL, 10) : 20000;
    unsigned long in[ELEMENTSOF(list)] = {}, cells[CELLS][CELLS] = {};
    uint64_t random = 0;
    double independence;

    assert_true(machines > 0);
    for (unsigned long i = 0; i < machines; i++) {
        uint32_t position;
        char id[33];
        bool before = false;
        uint64_t high = next(&random), low = next(&random);

        (void) snprintf(id, sizeof(id), "%016" PRIx64 "%016" PRIx64, high, low);
        position = position_of(id, "fix-nft");
        cells[cell_of(position)][cell_of(position_of(id, "fix-net"))]++;
        for (size_t k = 0; k < ELEMENTSOF(list); k++) {
            bool now = is_in(position, list[k].since_usec);

            assert_true(now || !before);
            in[k] += now;
            before = now;
        }
    }
    for (size_t k = 0; k < ELEMENTSOF(list); k++)
        assert_share(in[k], machines, list[k].share);
    independence = chi_square(cells, machines);
    printf("positions for two patches: chi-square %.1f, limit %.1f\n", independence, CHI_SQUARE_LIMIT);
    assert_true(independence < CHI_SQUARE_LIMIT);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fleet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
