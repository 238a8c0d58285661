/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json-file.h"
#include "base/strv.h"
#include "base/task.h"
#include "state/lock.h"

static const struct json_field strings[] = {
    { "state", offsetof(struct lock_record, state) },
    { "reason", offsetof(struct lock_record, reason) },
    { "unit", offsetof(struct lock_record, unit) },
    { "user", offsetof(struct lock_record, user) },
};

void lock_record_done(struct lock_record *r) {
    json_file_free_fields(strings, ELEMENTSOF(strings), r);
    *r = (struct lock_record){ .uid = -1 };
}

int lock_record_write(const struct host *h, const struct lock_record *r) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();

    json_file_add_fields(o, strings, ELEMENTSOF(strings), r);
    if (r->uid >= 0)
        json_object_object_add(o, "uid", json_object_new_int64(r->uid));
    if (r->pid > 0)
        json_object_object_add(o, "pid", json_object_new_int(r->pid));
    json_object_object_add(o, "since", json_object_new_uint64(r->since_usec));
    return json_file_write_volatile(h, LOCK_RECORD, o);
}

static bool is_state(const char *s) {
    return streq(s, "locked") || streq(s, "refused") || streq(s, "waiting");
}

static int record_from_json(json_object *o, struct lock_record *ret) {
    _cleanup_(lock_record_done) struct lock_record r = { .uid = -1 };
    json_object *value;
    int k;

    k = json_file_take_fields(o, strings, ELEMENTSOF(strings), &r);
    if (k < 0)
        return k;
    if (!r.state || !is_state(r.state))
        return -EBADMSG;
    if (json_object_object_get_ex(o, "uid", &value))
        r.uid = MAX(json_object_get_int64(value), -1);
    if (json_object_object_get_ex(o, "pid", &value))
        r.pid = MAX(json_object_get_int(value), 0);
    if (json_object_object_get_ex(o, "since", &value))
        r.since_usec = json_object_get_uint64(value);
    *ret = TAKE_STRUCT(r);
    return 0;
}

/* A process that is killed cannot clear its record. ExecStopPost= cannot be relied on for that: with systemd 262
 * and Linux 7.2, systemctl kill --signal=KILL kills it as well. */
static bool still_waits(const struct host *h, const struct lock_record *r) {
    _cleanup_free_ char *comm = NULL;

    return task_comm_read(h, r->pid, r->pid, &comm) >= 0 && streq(comm, LOCK_WAITS_COMM);
}

int lock_record_read(const struct host *h, struct lock_record *ret) {
    _cleanup_(lock_record_done) struct lock_record record = { .uid = -1 };
    _cleanup_(json_object_putp) json_object *o = NULL;
    int r;

    r = json_file_read(h, LOCK_RECORD, &o);
    if (r >= 0)
        r = record_from_json(o, &record);
    if (r < 0)
        return r;
    if (streq(record.state, "waiting") && !still_waits(h, &record))
        return -ENOENT;
    *ret = TAKE_STRUCT(record);
    return 0;
}
