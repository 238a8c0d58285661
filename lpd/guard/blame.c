/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/realtime.h"
#include "base/strv.h"
#include "guard/blame.h"
#include "system/journal.h"

bool blame_is_due(const struct fault *f) {
    return f->rule >= EVIDENCE_FRAME;
}

size_t blame_suspects(const struct result_list *l, struct evidence_patch *ret_patches, size_t *ret_results) {
    size_t n = 0;

    for (size_t i = 0; i < l->n_results; i++) {
        const struct result *r = l->results + i;

        if (!r->module_name || result_list_find_module(l, r->module_name) != r)
            continue;
        ret_patches[n] = (struct evidence_patch){ r->module_name, r->build_id };
        ret_results[n++] = i;
    }
    return n;
}

char *blame_reason(const struct fault *f, const char *when) {
    char *text;

    if (asprintf(&text, "kernel fault (%s) in %s%s%s", fault_kind_name(f->kind),
                 f->rule == EVIDENCE_FRAME ? "what the patch's code called" : "the patch's code",
                 when ? ", " : "", strempty(when)) < 0)
        return NULL;
    return text;
}

/* The attempts stay: they tell which of several builds of a module an earlier boot had loaded. */
int blame_apply(struct ledger_build *b, const struct fault *f, const char *reason, enum on_fault on_fault,
                uint64_t now_usec) {
    if (b->state == LEDGER_QUARANTINED)
        return BLAME_NOTHING;
    if (on_fault == ON_FAULT_LOG && b->state == LEDGER_TRIAL)
        return BLAME_NOTED;
    if (on_fault != ON_FAULT_LOG)
        return ledger_build_quarantine(b, reason, f->excerpt, now_usec) < 0 ? -ENOMEM : BLAME_QUARANTINED;
    b->since_usec = now_usec;
    b->state = LEDGER_TRIAL;
    return string_set(&b->stage, NULL) < 0 ? -ENOMEM : BLAME_UNCONFIRMED;
}

static int describe(const struct ledger_build *about, struct ledger_build *b) {
    int r = 0;

    if (!b->kernel)
        r = string_set(&b->kernel, about->kernel);
    if (r >= 0 && !b->sha256)
        r = string_set(&b->sha256, about->sha256);
    if (r >= 0 && !b->name)
        r = string_set(&b->name, about->name);
    if (r >= 0 && !b->module_name)
        r = string_set(&b->module_name, about->module_name);
    return r < 0 || b->build_id ? r : string_set(&b->build_id, about->build_id);
}

/* The clock may have been set since the attempt was written, so that the times of a build that was
 * loaded on trial in this boot cannot be compared. */
static bool is_settled(const struct ledger_build *b, const struct blame_moment *moment) {
    for (size_t i = 0; i < b->n_attempts; i++)
        if (streq(b->attempts[i].boot_id, strempty(moment->boot_id)))
            return false;
    return b->since_usec > moment->usec;
}

int blame_record(const struct host *h, const struct ledger_build *about, const struct fault *f, const char *reason,
                 enum on_fault on_fault, const struct blame_moment *moment) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_close_ int lock = ledger_lock(h);
    int r, blame;

    if (lock < 0)
        return lock;
    r = ledger_read(h, about->kernel, about->sha256, &b);
    if (r == -ENOENT)
        r = 0;
    if (r >= 0)
        r = describe(about, &b);
    if (r < 0)
        return r;
    if (moment && is_settled(&b, moment))
        return BLAME_NOTHING;
    blame = blame_apply(&b, f, reason, on_fault, realtime_usec());
    if (blame != BLAME_QUARANTINED && blame != BLAME_UNCONFIRMED)
        return blame;
    r = ledger_write(h, &b);
    return r < 0 ? r : blame;
}

void blame_tell(const struct ledger_build *about, int blame, const char *reason, const char *note) {
    struct result result = { .name = about->name };
    const char *separator = note ? "; " : "";

    note = strempty(note);
    if (blame < 0)
        journal_send(EVENT_FAULT, &result, about->kernel, "%s: %s; the ledger cannot be written: %s%s%s",
                     about->name, reason, strerror(-blame), separator, note);
    else if (blame == BLAME_QUARANTINED)
        journal_send(EVENT_QUARANTINED, &result, about->kernel, "%s: quarantined: %s%s%s", about->name, reason,
                     separator, note);
    else if (blame != BLAME_NOTHING)
        journal_send(EVENT_FAULT, &result, about->kernel, "%s: %s%s%s%s", about->name, reason,
                     blame == BLAME_UNCONFIRMED ? "; it is no longer confirmed" : "", separator, note);
}
