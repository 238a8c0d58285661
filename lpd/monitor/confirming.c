/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "guard/bless.h"
#include "monitor/confirming.h"
#include "system/manager.h"

void confirming_done(struct confirming *c) {
    strv_free(c->seen);
}

/* 1 if the load has ended and was not seen before. */
static int see(struct confirming *c, const struct result *r) {
    char *load;
    int k;

    if (!r->loaded || !r->complete || !r->sha256)
        return 0;
    if (asprintf(&load, "%s %llu", r->name, (unsigned long long) r->monotonic_usec) < 0)
        return -ENOMEM;
    if (strv_contains(c->seen, load)) {
        free(load);
        return 0;
    }
    k = strv_consume(&c->seen, load);
    return k < 0 ? k : 1;
}

static bool has_failed(const struct result_list *l) {
    for (size_t i = 0; i < l->n_results; i++)
        if (!l->results[i].loaded && l->results[i].exit_status != EXIT_STATUS_DONE)
            return true;
    return false;
}

/* The unit requires boot-complete.target, which in turn starts the units of required patches. After a
 * boot that a refused patch has kept from being complete that would try the patch again each time. */
static bool may_start(struct manager *m, const struct result_list *l) {
    _cleanup_free_ char *state = NULL;

    return !has_failed(l) ||
           (manager_active_state(m, "boot-complete.target", &state) >= 0 && streq(state, "active"));
}

/* It is started anew if it waits already: it knows only the loads that had ended when it looked. */
static int start(struct host *h, const struct result_list *l) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    int r;

    if (!manager_is_running(h))
        return 0;
    r = manager_connect(&m, NULL);
    if (r >= 0 && !may_start(m, l))
        return 0;
    if (r >= 0)
        r = manager_queue_job(m, "RestartUnit", BLESS_UNIT, NULL);
    return r < 0 ? r : 1;
}

static int is_on_trial(struct host *h, const struct result *result) {
    _cleanup_(ledger_list_done) struct ledger_list ledger = {};
    _cleanup_free_ char *release = NULL;
    int r;

    r = h->ops->release(h, &release);
    if (r >= 0)
        r = ledger_list_read(h, &ledger);
    return r < 0 ? r : !bless_is_settled(&ledger, release, result);
}

int confirming_look(struct confirming *c, struct host *h, const struct result_list *l) {
    bool trial = false;
    int r = 0;

    for (size_t i = 0; i < l->n_results && r >= 0; i++) {
        r = see(c, &l->results[i]);
        if (r > 0 && !trial) {
            r = is_on_trial(h, &l->results[i]);
            trial = r > 0;
        }
    }
    return r < 0 ? r : trial ? start(h, l) : 0;
}
