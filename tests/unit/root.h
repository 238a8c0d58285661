/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tree.h"

/* Each test has a temporary root of its own. */
static struct host h;

static inline int setup(void **state _unused_) {
    tree_make(&h);
    return 0;
}

static inline int teardown(void **state _unused_) {
    tree_remove(&h);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
