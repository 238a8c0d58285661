/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/json-file.h"
#include "state/judged.h"

#define DIRECTORY "/var/lib/lpd"

static uint64_t read_newest(const struct host *h, const char *path) {
    _cleanup_(json_object_putp) json_object *o = NULL;
    int64_t usec;

    if (json_file_read(h, path, &o) < 0)
        return 0;
    usec = json_object_get_int64(json_object_object_get(o, "newest"));
    return usec > 0 ? (uint64_t) usec : 0;
}

static json_object *newest(uint64_t usec) {
    json_object *o = json_object_new_object();

    json_object_object_add(o, "newest", json_object_new_int64((int64_t) usec));
    return o;
}

uint64_t judged_read(const struct host *h) {
    return read_newest(h, JUDGED_RECORD);
}

int judged_write(const struct host *h, uint64_t usec) {
    _cleanup_(json_object_putp) json_object *o = newest(usec);
    int r;

    r = file_mkdir_p(h, DIRECTORY);
    return r < 0 ? r : json_file_write_atomic(h, JUDGED_RECORD, o);
}

uint64_t faults_told_read(const struct host *h) {
    return read_newest(h, FAULTS_TOLD);
}

int faults_told_write(const struct host *h, uint64_t usec) {
    _cleanup_(json_object_putp) json_object *o = newest(usec);

    return json_file_write_volatile(h, FAULTS_TOLD, o);
}
