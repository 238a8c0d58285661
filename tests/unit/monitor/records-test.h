/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "execute-test.h"
#include "monitor/orphans.h"
#include "monitor/records.h"

/* A machine with a directory of results, which lpd.service follows. */

static struct orphans orphans;
static struct records records;

static int begin_records(void **state) {
    (void) setup(state);
    fake_kernel_text(&k, RESULTS_DIRECTORY "/x", "");
    records = RECORDS_NULL;
    assert_int_equal(records_begin(&records, &k.host), 0);
    return 0;
}

static int end_records(void **state) {
    orphans_done(&orphans);
    records_done(&records);
    return teardown(state);
}
