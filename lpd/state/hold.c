/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/json-file.h"
#include "state/hold.h"
#include "state/results.h"

/* No result of a patch has this name, because it lacks ".json". */
#define HOLD_RECORD RESULTS_DIRECTORY "/hold"

void hold_record_begin(struct host *h) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();

    json_object_object_add(o, "beginUsec", json_object_new_uint64(h->ops->now(h)));
    (void) json_file_write_volatile(h, HOLD_RECORD, o);
}

uint64_t hold_record_read(const struct host *h) {
    _cleanup_(json_object_putp) json_object *o = NULL;

    if (json_file_read(h, HOLD_RECORD, &o) < 0)
        return 0;
    return json_object_get_uint64(json_object_object_get(o, "beginUsec"));
}

int hold_record_over(const struct host *h) {
    return file_write_volatile(h, HOLD_OVER, "", 0, 0644);
}

bool hold_record_is_over(const struct host *h) {
    return file_exists(h, HOLD_OVER);
}

void hold_record_undo(const struct host *h) {
    (void) file_unlink(h, HOLD_OVER);
}
