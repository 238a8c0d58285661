/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "livepatch/overrides.h"
#include "monitor/overrides.h"
#include "state/overrides.h"
#include "system/journal.h"
#include "system/manager.h"

void override_watch_done(struct override_watch *w) {
    closep(&w->fd);
    free(w->seen);
    *w = OVERRIDE_WATCH_NULL;
}

/* Whether the unit has reported an override that it has not taken back. */
static bool is_reported(const struct host *h) {
    _cleanup_(override_list_done) struct override_list l = {};

    return override_record_read(h, &l) >= 0 && l.n_overrides > 0;
}

static bool is_due(const struct override_watch *w, struct host *h, const char *now) {
    if (!w->seen)
        return now[0] || is_reported(h);
    return !streq(w->seen, now) || (now[0] && h->ops->now(h) - w->started_usec >= OVERRIDES_AGAIN_USEC);
}

static int start(struct host *h) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    int r;

    if (!manager_is_running(h))
        return 0;
    r = manager_connect(&m, NULL);
    return r < 0 ? r : manager_queue_job(m, "StartUnit", OVERRIDES_UNIT, NULL);
}

int override_watch_look(struct override_watch *w, struct host *h, const struct livepatch_list *l) {
    _cleanup_free_ char *now = NULL;
    bool due;
    int r;

    if (w->fd < 0 || h->ops->now(h) < w->next_usec)
        return 0;
    w->next_usec = h->ops->now(h) + OVERRIDES_USEC;
    r = enabled_functions_direct(w->fd, l, &now);
    if (r < 0)
        return r;
    due = is_due(w, h, now);
    if (due)
        r = start(h);
    if (r < 0)
        return r;
    if (due)
        w->started_usec = h->ops->now(h);
    free(w->seen);
    w->seen = TAKE_PTR(now);
    return due;
}

static void send(const struct host *h, enum journal_event event, const char *patch, const char *text) {
    _cleanup_(result_done) struct result result = {};

    /* The name of the patch and of its module may differ. */
    if (result_find_module(h, patch, &result) < 0)
        result.name = strdup(patch);
    journal_send(event, &result, NULL, "%s: %s", strempty(result.name), text);
}

/* Calls it once for each patch of the list. */
static void for_each_patch(const struct override_list *l,
                           void (*call)(void *userdata, const char *patch, const char *text), void *userdata) {
    for (size_t i = 0; i < l->n_overrides; i++) {
        const char *patch = l->overrides[i].patch;
        _cleanup_free_ char *text = NULL;
        size_t first = 0;

        while (!streq(l->overrides[first].patch, patch))
            first++;
        if (first == i)
            text = override_list_describe(l, patch);
        if (text)
            call(userdata, patch, text);
    }
}

struct change {
    const struct host *h;
    const struct livepatch_list *patches;
    const struct override_list *before, *now;
};

static void report_begin(void *userdata, const char *patch, const char *text) {
    const struct change *c = userdata;
    _cleanup_free_ char *before = override_list_describe(c->before, patch);

    if (!streq(strempty(before), text))
        send(c->h, EVENT_OVERRIDDEN, patch, text);
}

/* A patch that was disabled or unloaded meanwhile has an event of its own. */
static void report_end(void *userdata, const char *patch, const char *text) {
    const struct change *c = userdata;
    const struct livepatch *p = livepatch_list_find(c->patches, patch);
    _cleanup_free_ char *now = override_list_describe(c->now, patch), *message = NULL;

    if (now || !p || !livepatch_is_enabled(p) ||
        asprintf(&message, "its new code runs again; before: %s", text) < 0)
        return;
    send(c->h, EVENT_NO_LONGER_OVERRIDDEN, patch, message);
}

int overrides_report(struct host *h, struct error *e) {
    _cleanup_(override_list_done) struct override_list before = {}, now = {};
    _cleanup_(livepatch_list_done) struct livepatch_list patches = {};
    struct change c = { h, &patches, &before, &now };
    int r;

    (void) override_record_read(h, &before);
    r = livepatch_list_read(h, NULL, &patches);
    if (r >= 0)
        r = override_list_read(h, &patches, &now);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot read who overrides patched functions: %s", strerror(-r));
    for_each_patch(&now, report_begin, &c);
    for_each_patch(&before, report_end, &c);
    r = override_record_write(h, &now);
    return r < 0 ? error_set(e, r, EXIT_STATUS_FAILED, OVERRIDES_RECORD ": %s", strerror(-r)) : 0;
}
