/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/refusals.h"
#include "state/refused-loads.h"

/* lpd.service counts the loads that the kernel refuses after the lock. */
struct refused_loads {
    /* Called for each patch that is disabled. */
    void (*on_unpatching)(void *userdata, const struct refusal_event *e);
    void *userdata;
    struct refusals ring;
    uint64_t since_usec; /* of the lock, on host->ops->now(); 0: not seen yet */
    struct refused_loads_record record;
};

void refused_loads_done(struct refused_loads *l);

/* Continues from the record, with a ring from systemd. 0, or a negative errno: nothing is
 * counted. */
int refused_loads_begin(struct refused_loads *l, struct host *h, int ring_fd);

/* Counts the events of the ring and records the count; when it first sees the lock it also records
 * that nothing was refused yet. Does nothing without a ring. */
void refused_loads_note(struct refused_loads *l, struct host *h);
