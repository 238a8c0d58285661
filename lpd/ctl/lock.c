/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/interrupt.h"
#include "base/strv.h"
#include "config/policy.h"
#include "ctl/change.h"
#include "ctl/lock-forecast.h"
#include "ctl/progress.h"
#include "lock/execute.h"
#include "lock/modules.h"
#include "lock/unit.h"
#include "system/journal.h"

/* lpctl lock: sets the lock itself, because the unit knows neither the options nor the user. */

static void add_module(void *userdata, const char *name, int r, const struct error *e) {
    json_object *modules = userdata, *o = json_object_new_object();

    json_add_string(o, "name", name);
    json_add_string(o, "state", r > 0 ? "loaded" : r == 0 ? "present" : "missing");
    json_add_string(o, "reason", r < 0 ? error_message(e, r) : NULL);
    json_object_array_add(modules, o);
}

/* 1 if the lock may be set. */
static int load_modules(struct ctl *c, struct error *e) {
    _cleanup_(policy_done) struct policy p = {};
    int r;

    r = policy_load(&c->host, &p, e);
    if (r >= 0)
        r = modules_load(&c->host, p.lock_modules, add_module,
                         json_object_object_get(c->value, "modules"), e);
    if (r >= 0 || (c->ignore_missing && r != -ENOMEM))
        return 1;
    return error_hint(e, r, "correct Modules= in lpd.conf, or lock without it: --ignore-missing");
}

static int lock(struct ctl *c, struct error *e) {
    int r;

    interrupt_catch();
    progress_say(c, "Waiting until modules may be locked");
    r = lock_wait(&c->host, c->wait ? c->wait_usec : 0, e);
    progress_say(c, NULL);
    if (r > 0 && !interrupt_signal())
        r = load_modules(c, e);
    if (r > 0 && interrupt_signal())
        return error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "modules are not locked");
    return r > 0 ? lock_execute(&c->host, e) : r;
}

static void tell_journal(const struct host *h, int r, const struct error *e) {
    struct result result = { .action = (char *) "lock" };
    _cleanup_free_ char *text = NULL;

    if (r > 0)
        journal_record(EVENT_LOCKED, &result, "modules are locked until reboot");
    else if (r < 0 && asprintf(&text, "%s%s", lock_failed_words(h), error_message(e, r)) >= 0)
        journal_record(EVENT_LOCK_REFUSED, &result, text);
}

/* The unit finds the lock set, and becomes active. */
static void tell_systemd(struct ctl *c) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_free_ char *job_result = NULL;

    if (ctl_connect(c, &m, NULL) >= 0 && m)
        (void) manager_run_job(m, "StartUnit", LOCK_UNIT, &job_result, NULL);
}

/* Asks on a terminal, because only a reboot removes the lock. Scripts are not asked. */
static int confirm(const struct ctl *c, struct error *e) {
    char answer[16] = "";

    if (c->yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return 0;
    fprintf(stderr, "No module can be loaded or removed after this until the next reboot.\nLock modules now? [y/N] ");
    if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return 0;
    return error_hint(e, error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "modules are not locked: not confirmed"),
                      "lpctl lock --dry-run shows what the lock would break; --yes skips this "
                      "question");
}

int ctl_lock(struct ctl *c, char **argv _unused_, struct error *e) {
    int r;

    c->value = value_new();
    json_add_bool(c->value, "changed", false);
    json_object_object_add(c->value, "modules", json_object_new_array());
    if (c->dry_run)
        return ctl_lock_forecast(c, e);
    r = ctl_require_root(c, e);
    if (r >= 0)
        r = confirm(c, e);
    if (r >= 0)
        r = ctl_require_live(c, e);
    if (r < 0)
        return r;
    r = lock(c, e);
    tell_journal(&c->host, r, e);
    if (r < 0) {
        lock_refused(&c->host, error_message(e, r));
        return r;
    }
    json_add_bool(c->value, "changed", r > 0);
    tell_systemd(c);
    return r;
}

void print_lock(const struct ctl *c) {
    json_object *modules = json_object_object_get(c->value, "modules");

    if (json_object_object_get(c->value, "error"))
        return;
    if (c->dry_run) {
        print_lock_forecast(c);
        return;
    }
    for (size_t i = 0; i < json_object_array_length(modules); i++) {
        json_object *o = json_object_array_get_idx(modules, i);

        if (streq(value_get(o, "state"), "missing"))
            printf("%s\n", value_get(o, "reason"));
    }
    printf("%s\n", json_object_get_boolean(json_object_object_get(c->value, "changed"))
                       ? "Modules are locked until reboot."
                       : "Nothing to do: modules are locked already.");
}
