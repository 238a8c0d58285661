/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/realtime.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"
#include "lock/kernel-lock.h"
#include "monitor/refused-loads.h"
#include "state/lock.h"

/* More than the ring can contain. */
#define EVENTS_MAX 512

void refused_loads_done(struct refused_loads *l) {
    refusals_done(&l->ring);
    refused_loads_record_done(&l->record);
}

int refused_loads_begin(struct refused_loads *l, struct host *h, int ring_fd) {
    int r;

    r = refusals_map(ring_fd, &l->ring);
    if (r < 0)
        return r;
    (void) refused_loads_record_read(h, &l->record);
    return 0;
}

static bool note_request(char ***names, const char *name) {
    return !strv_contains(*names, name) && strv_length(*names) < REFUSED_NAMES_MAX &&
           strv_extend(names, name) >= 0;
}

/* Whether the record changed. */
static bool take(struct refused_loads_record *r, struct refusal_event *e) {
    utf8_make_printable(e->text);
    switch ((enum refusal_kind) e->kind) {
    case UNPATCHING:
        break;
    case REFUSAL_OF_LOAD:
        r->count++;
        r->last_usec = realtime_usec();
        r->uid = e->uid;
        (void) string_set(&r->command, e->text);
        return true;
    case REFUSAL_OF_REQUEST:
        return note_request(e->uid == 0 ? &r->requested : &r->requested_by_users, e->text);
    }
    return false;
}

/* When modules were locked: earlier loads were not refused, even if their events arrive now. If
 * another program locks, there is no record of it. */
static uint64_t find_lock(struct host *h) {
    _cleanup_(lock_record_done) struct lock_record record = {};
    uint64_t now = realtime_usec(), ago = 0;

    if (lock_record_read(h, &record) < 0 || !streq(record.state, "locked"))
        return 1;
    if (record.since_usec < now)
        ago = now - record.since_usec;
    return h->ops->now(h) - MIN(ago, h->ops->now(h) - 1);
}

void refused_loads_note(struct refused_loads *l, struct host *h) {
    struct refusal_event e;
    bool any = false;

    if (!l->ring.data)
        return;
    if (l->since_usec == 0 && kernel_flag_read(h, KERNEL_MODULES_DISABLED) == 1) {
        l->since_usec = find_lock(h);
        any = true;
    }
    for (size_t i = 0; i < EVENTS_MAX && refusals_next(&l->ring, &e) > 0; i++) {
        if (e.kind == UNPATCHING) {
            utf8_make_printable(e.comm);
            if (l->on_unpatching)
                l->on_unpatching(l->userdata, &e);
            continue;
        }
        if (l->since_usec == 0 || e.nsec / 1000 < l->since_usec)
            continue;
        any |= take(&l->record, &e);
    }
    if (any)
        (void) refused_loads_record_write(h, &l->record);
}
