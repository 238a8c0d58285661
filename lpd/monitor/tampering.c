/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "base/task.h"
#include "config/name.h"
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"
#include "monitor/orphans.h"
#include "monitor/switches.h"
#include "monitor/tampering.h"
#include "system/journal.h"
#include "system/manager.h"

/* How long ago a process may have opened a switch to be suspected of a write that was not seen. */
#define RECENT_USEC (3 * USEC_PER_SEC)
/* How many events are handled at a time. */
#define EVENTS_MAX 256
/* How long a program of lpd may take to record that it has disabled a patch, if no event named it:
 * it removes the module first. */
#define LOST_USEC (10 * USEC_PER_SEC)

static void touch_done(struct touch *o) {
    free(o->patch);
    process_done(&o->by);
}

void tampering_done(struct tampering *t) {
    for (size_t i = 0; i < t->n_touches; i++)
        touch_done(t->touches + i);
    strv_free(t->marked);
    strv_free(t->out);
    closep(&t->group);
    *t = TAMPERING_NULL;
}

static void remove_touch(struct tampering *t, size_t i) {
    touch_done(t->touches + i);
    memmove(t->touches + i, t->touches + i + 1, (--t->n_touches - i) * sizeof(*t->touches));
}

static struct touch *find(struct tampering *t, const char *patch, int pid) {
    for (size_t i = 0; i < t->n_touches; i++)
        if (t->touches[i].by.pid == pid && streq(t->touches[i].patch, patch))
            return t->touches + i;
    return NULL;
}

/* Identifies the process at its first access, because it may have ended by the next one. */
static struct touch *add(struct tampering *t, struct host *h, struct switch_event *e) {
    struct touch o = {};

    if (process_identify(h, e->pid, &o.by) < 0)
        return NULL;
    o.patch = TAKE_PTR(e->patch);
    if (t->n_touches >= ELEMENTSOF(t->touches))
        remove_touch(t, 0);
    t->touches[t->n_touches] = o;
    return t->touches + t->n_touches++;
}

/* 1 if the process is not one of lpd's. */
static int note_one(struct tampering *t, struct host *h, struct switch_event *e) {
    struct touch *o;

    if (e->pid == 0) {
        t->lost_usec = h->ops->now(h);
        return 1;
    }
    /* This service reads the switches all the time. */
    if (e->pid == getpid() && !e->wrote)
        return 0;
    /* Anyone can open a switch for reading, as often as they like, and would fill the list. Only
     * root can open one for writing. A process that has a capability instead, or has ended, shows
     * itself by a write. */
    if (!e->wrote && task_uid(h, e->pid) != 0)
        return 0;
    o = find(t, e->patch, e->pid) ?: add(t, h, e);
    if (!o)
        return 0;
    o->wrote |= e->wrote;
    o->vain = false;
    o->usec = h->ops->now(h);
    return !o->by.own;
}

int tampering_note(struct tampering *t, struct host *h) {
    int foreign = 0;

    for (size_t i = 0; i < EVENTS_MAX; i++) {
        _cleanup_(switch_event_done) struct switch_event e = {};
        int r = switches_next(t->group, &e);

        if (r <= 0)
            return r < 0 ? r : foreign;
        foreign |= note_one(t, h, &e);
    }
    return foreign;
}

int tampering_note_unpatching(struct tampering *t, struct host *h, const char *patch, int pid,
                              uint32_t uid, const char *comm) {
    _cleanup_(switch_event_done) struct switch_event e = {
        .patch = strdup(patch),
        .pid = pid,
        .wrote = true,
    };
    struct touch *o;
    int r;

    if (!e.patch)
        return -ENOMEM;
    r = note_one(t, h, &e);
    o = find(t, patch, pid);
    if (o)
        o->announced = true;
    /* It may have ended meanwhile. */
    if (o && !o->by.comm)
        o->by.comm = strdup(comm);
    if (o && !o->by.user)
        o->by.user = task_user_name(uid);
    return r;
}

/* Marks exactly the patches that the kernel has now. */
static int mark(struct tampering *t, const struct host *h, const struct livepatch_list *l) {
    _cleanup_strv_free_ char **names = NULL;
    bool same = true;

    for (size_t i = 0; i < l->n_patches; i++) {
        if (!l->patches[i].registered)
            continue;
        if (strv_extend(&names, l->patches[i].name) < 0)
            return -ENOMEM;
        same = same && strv_contains(t->marked, l->patches[i].name);
    }
    if (same && strv_length(names) == strv_length(t->marked))
        return 0;
    strv_free(t->marked);
    t->marked = TAKE_PTR(names);
    return switches_mark(h, t->group, l);
}

/* A patch's directory remains for a moment after its transition. */
static bool is_out(const struct livepatch *p) {
    return !p || !p->registered || !p->enabled;
}

static char *describe(const struct host *h, const struct process *by) {
    _cleanup_free_ char *who = process_describe(by);
    const char *locked = "";
    char *text;

    if (kernel_flag_read(h, KERNEL_MODULES_DISABLED) == 1)
        locked = "; modules are locked, so it cannot be loaded again before a reboot";
    if (!who || asprintf(&text, "disabled by %s, not by lpd%s", who, locked) < 0)
        return NULL;
    return text;
}

static void report(struct host *h, struct result *result, const struct process *by) {
    const struct journal_process who = { by->pid, by->cmdline ?: by->comm, by->user };
    _cleanup_free_ char *reason = describe(h, by);

    if (!reason || string_set(&result->state, "disabled") < 0 ||
        string_set(&result->reason, reason) < 0 || string_set(&result->cause, CAUSE_SWITCHED_OFF) < 0)
        return;
    result->loaded = false;
    (void) result_write(h, result);
    journal_send_about(EVENT_SWITCHED_OFF, result, &who, "%s: %s", result->name, reason);
    manager_stop_patch(h, result->name);
}

enum weight { NOT_IT, MAY_BE, HOLDS_IT, OWN_MAY_BE, WROTE, OWN_WROTE };

/* How likely it is that this process disabled the patch. A program of lpd may be doing so as long
 * as it runs; another process that only reads is not blamed. */
static enum weight weigh(const struct touch *o, struct host *h) {
    bool recent = h->ops->now(h) - o->usec < RECENT_USEC;

    if (o->wrote && recent)
        return o->by.own ? OWN_WROTE : WROTE;
    if (o->by.own)
        return process_is_own(h, o->by.pid) ? OWN_MAY_BE : NOT_IT;
    if (process_holds(h, o->by.pid, o->patch))
        return HOLDS_IT;
    return recent ? MAY_BE : NOT_IT;
}

/* Of several processes with the same weight, takes the last one. */
static enum weight find_culprit(const struct tampering *t, struct host *h, const char *patch,
                                const struct process **ret) {
    enum weight most = NOT_IT;

    for (size_t i = 0; i < t->n_touches; i++) {
        const struct touch *o = t->touches + i;
        enum weight weight = patch_name_equal(o->patch, patch) ? weigh(o, h) : NOT_IT;

        if (weight == NOT_IT || weight < most)
            continue;
        *ret = &o->by;
        most = weight;
    }
    return most;
}

static bool is_certain(const struct tampering *t, struct host *h, enum weight weight) {
    /* It will either record that it disabled the patch, or turn out to have only read the
     * switch. */
    if (weight == OWN_MAY_BE)
        return false;
    return weight != NOT_IT || t->lost_usec == 0 || h->ops->now(h) - t->lost_usec >= LOST_USEC;
}

/* Whether the reason why a patch is not in effect is certain. Reports the patch if another program
 * disabled it. */
static bool verify_one(struct tampering *t, struct host *h, const struct livepatch_list *l,
                      const struct result_list *results, struct result *result) {
    const char *patch = result->module_name ?: result->name;
    const struct process nobody = {}, *culprit = &nobody;
    enum weight weight = find_culprit(t, h, patch, &culprit);

    if (weight < WROTE && (orphans_may_be_replaced(l, results, patch, result) ||
                           orphans_was_replaced(l, results, patch, result)))
        return true;
    /* It was disabled by a switch that is not watched, for instance in the sysfs of another network
     * namespace. */
    if (weight == NOT_IT && t->lost_usec == 0)
        t->lost_usec = h->ops->now(h);
    if (!is_certain(t, h, weight))
        return false;
    if (weight != NOT_IT ? !culprit->own : t->lost_usec > 0)
        report(h, result, culprit);
    return true;
}

static void forget_touches(struct tampering *t, const char *patch) {
    for (size_t i = t->n_touches; i > 0; i--)
        if (patch_name_equal(t->touches[i - 1].patch, patch))
            remove_touch(t, i - 1);
}

/* Forgets writes that did not disable a patch: they came before the patches were listed, and the
 * patch is still enabled. Only the second look proves that a write came before the list. */
static void forget_vain_touches(struct tampering *t, const struct livepatch_list *l) {
    for (size_t i = t->n_touches; i > 0; i--) {
        struct touch *o = t->touches + i - 1;

        if (!o->wrote || o->announced || is_out(livepatch_list_find(l, o->patch)))
            continue;
        if (o->vain)
            remove_touch(t, i - 1);
        else
            o->vain = true;
    }
}

int tampering_judge(struct tampering *t, struct host *h, const struct livepatch_list *l,
                    struct result_list *results) {
    _cleanup_strv_free_ char **out = NULL;
    int r, k;

    if (t->group < 0)
        return 0;
    r = mark(t, h, l);
    /* Drain events first: whoever disabled a patch touched it before l was read. */
    k = tampering_note(t, h);
    forget_vain_touches(t, l);
    t->undecided = false;
    for (size_t i = 0; i < results->n_results && k >= 0; i++) {
        const char *patch = results->results[i].module_name ?: results->results[i].name;

        /* A load is recorded before it happens, and may wait for a long time. */
        if (!is_out(livepatch_list_find(l, patch)) ||
            streq(strempty(results->results[i].state), "loading"))
            continue;
        if (!strv_contains(t->out, patch)) {
            if (results->results[i].loaded && !verify_one(t, h, l, results, results->results + i)) {
                t->undecided = true;
                continue;
            }
            forget_touches(t, patch);
        }
        k = strv_extend(&out, patch);
    }
    if (!t->undecided)
        t->lost_usec = 0;
    strv_free(t->out);
    t->out = TAKE_PTR(out);
    return r < 0 ? r : k;
}
