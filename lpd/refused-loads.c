/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "base/strv.h"
#include "base/utf8.h"
#include "livepatch/facts.h"
#include "refused-loads.h"

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
    return refused_loads_record_write(h, &l->record);
}

static uint64_t realtime_usec(void) {
    struct timespec ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

static void take(struct refused_loads_record *r, struct refusal_event *e) {
    utf8_make_printable(e->text);
    switch (e->kind) {
    case REFUSAL_OF_LOAD:
        r->count++;
        r->last_usec = realtime_usec();
        (void) string_set(&r->command, e->text);
        break;
    case REFUSAL_OF_REQUEST:
        if (!strv_contains(r->requested, e->text) && strv_length(r->requested) < REFUSED_NAMES_MAX)
            (void) strv_extend(&r->requested, e->text);
        break;
    }
}

/* Before the lock the kernel refuses for other reasons, which are not ours to count. */
void refused_loads_note(struct refused_loads *l, struct host *h) {
    bool locked = kernel_flag_read(h, KERNEL_MODULES_DISABLED) == 1, any = false;
    struct refusal_event e;

    while (refusals_next(&l->ring, &e) > 0) {
        if (!locked)
            continue;
        take(&l->record, &e);
        any = true;
    }
    if (any)
        (void) refused_loads_record_write(h, &l->record);
}
