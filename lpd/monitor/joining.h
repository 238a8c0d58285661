/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "config/manifest.h"

/* Rollout= with dates: when a wave begins that this machine is part of, the patch is loaded, without a
 * reboot. */

struct joining {
    struct host *host;
    sd_event_source *timer; /* armed for the next such date */
    uint64_t directories;   /* a digest of the times of the manifest directories at the last look */
    uint64_t looked_usec;   /* CLOCK_REALTIME of that look; 0: there was none */
    uint64_t armed_usec;    /* the timer is for dates after that time */
};

void joining_done(struct joining *j);

/* Looks at the manifests and arms the timer. Only if a manifest has come or gone since, unless always. A
 * date that has passed since the last look counts as well: a manifest may come shortly before its date. 0 or a
 * negative errno. */
int joining_look(struct joining *j, sd_event *event, struct host *h, bool always);

/* The next date after that time at which a wave of one of these patches begins with that machine in it, or
 * USEC_INFINITY. machine_id may be NULL. */
uint64_t joining_date(const struct manifest_list *l, const char *machine_id, uint64_t after_usec);

/* The same for the manifests of this machine. 0 or a negative errno. */
int joining_next(struct host *h, uint64_t after_usec, uint64_t *ret);
