/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json-file.h"
#include "state/early.h"
#include "state/results.h"

/* No result of a patch has this name, because it lacks ".json". */
#define EARLY_RECORD RESULTS_DIRECTORY "/early"

static void write_record(const struct host *h, const struct early_record *r) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();

    json_object_object_add(o, "bytes", json_object_new_uint64(r->bytes));
    json_object_object_add(o, "patches", json_object_new_uint64(r->patches));
    json_object_object_add(o, "usec", json_object_new_uint64(r->usec));
    json_object_object_add(o, "stopped", json_object_new_boolean(r->stopped));
    (void) json_file_write_volatile(h, EARLY_RECORD, o);
}

int early_record_read(const struct host *h, struct early_record *ret) {
    _cleanup_(json_object_putp) json_object *o = NULL;
    int r;

    r = json_file_read(h, EARLY_RECORD, &o);
    if (r < 0)
        return r;
    *ret = (struct early_record){
        .bytes = json_object_get_uint64(json_object_object_get(o, "bytes")),
        .patches = json_object_get_uint64(json_object_object_get(o, "patches")),
        .usec = json_object_get_uint64(json_object_object_get(o, "usec")),
        .stopped = json_object_get_boolean(json_object_object_get(o, "stopped")),
    };
    return 0;
}

static uint64_t rest(uint64_t max, uint64_t spent) {
    return max - MIN(max, spent);
}

void early_begin(struct host *h, struct early_record *record, struct budget *budget) {
    uint64_t now = h->ops->now(h);
    struct early_record r = {};

    (void) early_record_read(h, &r);
    r.stopped_before = r.stopped;
    r.stopped = true;
    r.begin_usec = now;
    write_record(h, &r);
    *budget = (struct budget){
        .bytes = rest(EARLY_BYTES_MAX, r.bytes),
        .patches = rest(EARLY_PATCHES_MAX, r.patches),
        .end_usec = now + rest(EARLY_SEC_MAX * USEC_PER_SEC, r.usec),
    };
    *record = r;
}

void early_end(struct host *h, struct early_record *record, const struct budget *budget) {
    uint64_t now = h->ops->now(h);

    record->bytes = rest(EARLY_BYTES_MAX, budget->bytes);
    record->patches = rest(EARLY_PATCHES_MAX, budget->patches);
    record->usec += rest(now, record->begin_usec);
    record->stopped = record->stopped_before;
    write_record(h, record);
}

void early_stopped(struct host *h, uint64_t usec) {
    struct early_record r = {};

    (void) early_record_read(h, &r);
    r.usec += usec;
    write_record(h, &r);
}

void early_again(struct host *h) {
    struct early_record r = {};

    if (early_record_read(h, &r) < 0)
        return;
    r.bytes = r.patches = 0;
    write_record(h, &r);
}
