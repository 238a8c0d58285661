/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/strv.h"
#include "config/manifest.h"
#include "ctl/change.h"
#include "guard/notice.h"
#include "store/changes-lock.h"
#include "plan/plan.h"

/* Code shared by the verbs that add, remove, load or unload patches. */

/* The holder of the lock may be rebuilding the initramfs of every kernel, which takes minutes. */
#define CHANGES_TIMEOUT_USEC (10 * 60 * USEC_PER_SEC)

void changes_begin(struct ctl *c) {
    c->value = value_new();
    if (c->dry_run)
        json_add_bool(c->value, "dryRun", true);
    json_add_bool(c->value, "changed", false);
    if (c->dry_run)
        json_add_bool(c->value, "wouldChange", false);
    json_object_object_add(c->value, "patches", json_object_new_array());
}

void changes_add(struct ctl *c, const char *name, bool changed, const char *fmt, ...) {
    json_object *o = json_object_new_object();
    _cleanup_free_ char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    json_add_string(o, "name", name);
    json_add_bool(o, "changed", changed && !c->dry_run);
    if (c->dry_run)
        json_add_bool(o, "wouldChange", changed);
    json_add_string(o, "message", text);
    json_object_array_add(json_object_object_get(c->value, "patches"), o);
    if (changed)
        json_add_bool(c->value, c->dry_run ? "wouldChange" : "changed", true);
}

json_object *changes_last(struct ctl *c) {
    json_object *patches = json_object_object_get(c->value, "patches");

    return json_object_array_get_idx(patches, json_object_array_length(patches) - 1);
}

void changes_note(struct ctl *c, const char *fmt, ...) {
    json_object *notes = json_object_object_get(c->value, "notes");
    _cleanup_free_ char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    if (!notes)
        json_object_object_add(c->value, "notes", notes = json_object_new_array());
    for (size_t i = 0; text && i < json_object_array_length(notes); i++)
        if (streq(json_object_get_string(json_object_array_get_idx(notes, i)), text))
            return;
    if (text)
        json_object_array_add(notes, json_object_new_string(text));
}

static int append(char **text, const char *what, json_object *o, const char *key) {
    char *longer;

    if (asprintf(&longer, "%s%s%s: %s; ", strempty(*text), what, value_get(o, key),
                 strempty(value_get(o, "message"))) < 0)
        return -ENOMEM;
    free(*text);
    *text = longer;
    return 0;
}

int changes_interrupted(struct ctl *c, int r, struct error *e) {
    json_object *patches = json_object_object_get(c->value, "patches");
    json_object *images = json_object_object_get(c->value, "initramfs");
    _cleanup_free_ char *done = NULL, *hint = TAKE_PTR(e->hint);

    for (size_t i = 0; patches && i < json_object_array_length(patches); i++)
        if (append(&done, "", json_object_array_get_idx(patches, i), "name") < 0)
            return -ENOMEM;
    for (size_t i = 0; images && i < json_object_array_length(images); i++)
        if (append(&done, "initramfs for ", json_object_array_get_idx(images, i), "kernel") < 0)
            return -ENOMEM;
    (void) error_set(e, r, e->exit_status, "interrupted by SIG%s: %s%s", sigabbrev_np(interrupt_signal()),
                     strempty(done), error_message(e, r));
    return hint ? error_hint(e, r, "%s", hint) : r;
}

bool changes_stop(struct ctl *c, const char *argument, int r, struct error *e) {
    if (!interrupt_signal())
        return false;
    if (r < 0)
        changes_add(c, argument, false, "nothing is changed");
    else
        (void) error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s: nothing is changed", argument);
    return true;
}

/* What the login message says may be over. Only who quarantines a build creates it. */
static void update_notice(struct ctl *c) {
    if (!c->dry_run && file_exists(&c->host, NOTICE_PATH))
        (void) notice_update(&c->host);
}

int changes_each(struct ctl *c, struct manager *m, char **arguments, int r, change_one *one,
                 struct error *e) {
    STRV_FOREACH(argument, arguments) {
        _cleanup_(error_done) struct error later = ERROR_NULL;
        int k;

        if (changes_stop(c, *argument, r, e)) {
            RET_GATHER(r, -ECANCELED);
            continue;
        }
        k = one(c, m, *argument, r < 0 ? &later : e);
        if (k < 0 && r < 0)
            changes_add(c, *argument, false, "%s", error_message(&later, k));
        RET_GATHER(r, k);
    }
    update_notice(c);
    return r;
}

void print_changes(const struct ctl *c) {
    json_object *patches = json_object_object_get(c->value, "patches");
    json_object *notes = json_object_object_get(c->value, "notes");

    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *o = json_object_array_get_idx(patches, i);

        printf("%s: %s\n", value_get(o, "name"), strempty(value_get(o, "message")));
    }
    for (size_t i = 0; notes && i < json_object_array_length(notes); i++)
        printf("%s\n", json_object_get_string(json_object_array_get_idx(notes, i)));
    print_images(c);
}

/* What of it is there; the first is what most have configured. pkexec(1) alone leaves the directory that
 * relative paths begin in. */
static const char *find_elevation(const struct host *h) {
    static const struct {
        const char *path, *command;
    } programs[] = {
        { "/usr/bin/sudo", "sudo" },
        { "/usr/bin/run0", "run0" },
        { "/usr/bin/doas", "doas" },
        { "/usr/bin/pkexec", "pkexec --keep-cwd" },
    };

    for (size_t i = 0; i < ELEMENTSOF(programs); i++)
        if (file_exists(h, programs[i].path))
            return programs[i].command;
    return NULL;
}

int ctl_require_root(const struct ctl *c, struct error *e) {
    const char *elevation;

    if (!c->host.live || c->dry_run || geteuid() == 0)
        return 0;
    (void) error_set(e, -EPERM, EXIT_STATUS_PRIVILEGE, "this changes the machine and needs root");
    elevation = find_elevation(&c->host);
    if (elevation)
        return error_hint(e, -EPERM, "run: %s %s", elevation, strempty(c->command));
    return error_hint(e, -EPERM, "log in as root and run: %s", strempty(c->command));
}

int ctl_require_live(const struct ctl *c, struct error *e) {
    if (c->host.live)
        return ctl_require_root(c, e);
    return error_set(e, -EOPNOTSUPP, EXIT_STATUS_USAGE,
                     "this command cannot be used with --root=");
}

int ctl_connect(const struct ctl *c, struct manager **ret, struct error *e) {
    *ret = NULL;
    return !c->dry_run && manager_is_running(&c->host) ? manager_connect(ret, e) : 0;
}

static void tell_wait(void *userdata, const char *holder) {
    const struct ctl *c = userdata;

    if (!c->quiet)
        fprintf(stderr, "lpctl: waiting for %s to end\n", holder);
}

int ctl_lock_changes(struct ctl *c, struct error *e) {
    interrupt_catch();
    return c->lock || c->dry_run ? 0
                   : changes_lock_take(&c->host, strempty(c->command), CHANGES_TIMEOUT_USEC, tell_wait, c,
                                       &c->lock, e);
}

int changes_prepare(struct ctl *c, struct manager **ret_manager, struct images *ret_before,
                    struct error *e) {
    int r;

    r = ctl_require_root(c, e);
    if (r >= 0)
        r = ctl_lock_changes(c, e);
    if (r >= 0)
        r = ctl_connect(c, ret_manager, e);
    return r < 0 ? r : images_see(c, ret_before, e);
}

int changes_spell(struct ctl *c, const char *name, char **ret, struct error *e) {
    int r;

    r = ctl_check_name(name, e);
    if (r >= 0)
        r = ctl_spell(c, name, ret);
    if (r > 0)
        changes_note(c, "%s is the module of the patch %s", name, *ret);
    return MIN(r, 0);
}

static int add_spelled(struct ctl *c, const char *name, char ***names, struct error *e) {
    char *spelled;
    int r;

    r = changes_spell(c, name, &spelled, e);
    return r < 0 ? r : strv_consume(names, spelled);
}

int changes_each_patch(struct ctl *c, char **argv, change_one *one, struct error *e) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_(images_done) struct images before = {};
    _cleanup_strv_free_ char **names = NULL;
    int r;

    changes_begin(c);
    r = changes_prepare(c, &m, &before, e);
    if (r < 0)
        return r;
    STRV_FOREACH(name, argv) {
        r = add_spelled(c, *name, &names, e);
        if (r < 0)
            return r;
    }
    r = changes_each(c, m, names, 0, one, e);
    return images_refresh(c, &before, r, e);
}

/* The plan's decision for that patch if it is requested explicitly. The plan owns it. */
static int ask_plan(struct ctl *c, const char *name, struct snapshot *s, struct plan *plan, size_t *ret_index,
                    const struct action **ret, struct error *e) {
    int r;

    r = snapshot_take_one(&c->host, name, s, e);
    if (r < 0)
        return r;
    *ret_index = snapshot_find(s, name);
    s->manifests.entries[*ret_index].manifest.enabled = true; /* An explicit request loads a
                                                               * disabled patch too. */
    r = plan_make(s, plan);
    if (r >= 0)
        *ret = plan->by_manifest[*ret_index];
    return r;
}

static int refuse_action(const struct action *a, struct error *e) {
    int r = error_set(e, -ECANCELED, a->exit_status, "%s", action_fact(a));

    return a->hint ? error_hint(e, r, "%s", a->hint) : r;
}

/* A loaded build of the same patch is no obstacle: the load replaces it. */
static bool is_refused(const struct action *a) {
    return a->type == ACTION_FAIL && !streq(a->steps[a->n_steps - 1].question, "loaded");
}

int ctl_ask_plan(struct ctl *c, const char *name, bool keep_replaced, char **ret_later, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    const struct action *a;
    size_t i;
    int r;

    r = ask_plan(c, name, &s, &plan, &i, &a, e);
    if (r < 0)
        return r;
    if (a->type == ACTION_SKIP)
        return asprintf(ret_later, "not loaded now because %s", action_fact(a)) < 0 ? -ENOMEM : 1;
    if (a->type == ACTION_KEEP && keep_replaced && snapshot_replaced_by(&s, i))
        return asprintf(ret_later, "%s; 'lpctl load %s' loads it anyway", action_fact(a), name) < 0 ? -ENOMEM : 1;
    return is_refused(a) ? refuse_action(a, e) : 0;
}

int ctl_may_load(struct ctl *c, const char *name, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    const struct action *a;
    size_t i;
    int r;

    r = ask_plan(c, name, &s, &plan, &i, &a, e);
    return r >= 0 && (a->type == ACTION_SKIP || is_refused(a)) ? refuse_action(a, e) : MIN(r, 0);
}
