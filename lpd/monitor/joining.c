/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/realtime.h"
#include "config/conf-files.h"
#include "config/machine-id.h"
#include "monitor/joining.h"
#include "plan/plan.h"
#include "plan/rollout.h"
#include "system/manager.h"

/* Nobody waits for a wave by the second, and timers of others that are due can be handled with it. */
#define ACCURACY_USEC (10 * USEC_PER_SEC)

void joining_done(struct joining *j) {
    j->timer = sd_event_source_unref(j->timer);
}

/* When this machine joins; USEC_INFINITY: never, or there is no date to wait for. */
static uint64_t date_of(const struct manifest_entry *entry, const char *machine_id) {
    const struct wave *wave;
    uint32_t position;

    if (entry->error_number < 0 || !entry->manifest.enabled ||
        rollout_position(machine_id, entry->name, &position) < 0)
        return USEC_INFINITY;
    wave = rollout_wave(&entry->manifest.rollout, position);
    return wave && wave->since_usec > 0 ? wave->since_usec : USEC_INFINITY;
}

uint64_t joining_date(const struct manifest_list *l, const char *machine_id, uint64_t after_usec) {
    uint64_t next = USEC_INFINITY;

    for (size_t i = 0; machine_id && i < l->n_entries; i++) {
        uint64_t date = date_of(l->entries + i, machine_id);

        if (date > after_usec)
            next = MIN(next, date);
    }
    return next;
}

int joining_next(struct host *h, uint64_t after_usec, uint64_t *ret) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    _cleanup_free_ char *machine_id = NULL;
    int r;

    *ret = USEC_INFINITY;
    r = machine_id_find(h, &machine_id);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    r = manifest_list_load(h, NULL, &l, NULL);
    if (r < 0)
        return r;
    *ret = joining_date(&l, machine_id, after_usec);
    return 0;
}

/* Queues the start of the units of patches that are to be loaded now, because their date has come since. */
static int join(struct host *h, uint64_t since_usec) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_(plan_done) struct plan plan = {};
    int r;

    r = snapshot_take_for_loads(h, &s, NULL);
    if (r >= 0)
        r = plan_make(&s, &plan);
    if (r >= 0)
        r = manager_connect(&m, NULL);
    for (size_t i = 0; r >= 0 && i < plan.n_actions; i++) {
        const struct action *a = plan.actions + i;
        _cleanup_free_ char *unit = NULL;
        uint64_t date;

        if (a->type != ACTION_LOAD || !s.machine_id)
            continue;
        date = date_of(s.manifests.entries + a->index, s.machine_id);
        unit = date > since_usec && date <= s.clock_usec ? manager_unit_name(a->name) : NULL;
        if (unit)
            (void) manager_queue_job(m, "StartUnit", unit, NULL);
    }
    return r;
}

static int on_date(sd_event_source *source, uint64_t usec _unused_, void *userdata) {
    struct joining *j = userdata;
    int r;

    r = join(j->host, j->armed_usec);
    j->looked_usec = realtime_usec();
    if (r < 0)
        fprintf(stderr, "cannot load the patches whose wave begins now: %s\n", strerror(-r));
    (void) joining_look(j, sd_event_source_get_event(source), j->host, /* always= */ true);
    return 0;
}

/* A manifest that comes or goes changes its directory. One that is edited needs systemctl reload lpd, like
 * any configuration file. */
static uint64_t see_directories(const struct host *h) {
    uint64_t sum = 0;

    for (size_t i = 0; i < ELEMENTSOF(conf_dirs); i++) {
        char path[128];
        struct stat st;

        (void) snprintf(path, sizeof(path), "%s/patches.d", conf_dirs[i]);
        if (file_lstat(h, path, &st) >= 0)
            sum = sum * 31 + (uint64_t) st.st_mtim.tv_sec * 1000000007 + (uint64_t) st.st_mtim.tv_nsec + st.st_ino;
    }
    return sum;
}

int joining_look(struct joining *j, sd_event *event, struct host *h, bool always) {
    uint64_t seen = see_directories(h), now = realtime_usec(), after = j->looked_usec ?: now, next;
    bool same = seen == j->directories;
    int r;

    j->host = h;
    j->directories = seen;
    j->looked_usec = now;
    if (same && !always)
        return 0;
    r = joining_next(h, after, &next);
    if (r < 0)
        return r;
    joining_done(j);
    j->armed_usec = after;
    if (next == USEC_INFINITY)
        return 0;
    /* The kernel fires such a timer also when the clock is set past its date. */
    return sd_event_add_time(event, &j->timer, CLOCK_REALTIME, next, ACCURACY_USEC, on_date, j);
}
