/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "ctl/lock-forecast.h"
#include "lock/forecast/find.h"
#include "lock/forecast/forecast.h"
#include "lock/may-lock.h"
#include "report/table.h"

#define LINE_WIDTH 80

/* The answer that lpctl lock would give now. */
struct outcome {
    const char *word; /* NULL: there is no running kernel */
    struct error error;
};

static int decide(const struct snapshot *s, const struct forecast *w, struct outcome *ret) {
    _cleanup_(plan_done) struct plan plan = {};
    int r;

    if (s->offline && s->facts.modules_disabled < 0)
        return 0;
    r = plan_make(s, &plan);
    if (r >= 0)
        r = lock_decide(s, &plan, &ret->error);
    if (r == -ENOMEM)
        return r;
    if (r > 0 && w->absent)
        r = error_hint(&ret->error,
                       error_set(&ret->error, -ENOENT, EXIT_STATUS_FAILED,
                                 "Modules= names %s, and this kernel has no module of that name",
                                 w->absent[0]),
                       "correct Modules= in lpd.conf, or install the package that contains the "
                       "module");
    ret->word = r > 0 ? "lock" : r == 0 ? "nothing" : r == -EAGAIN ? "wait" : "refuse";
    return 0;
}

static json_object *modules_value(const struct forecast *w) {
    json_object *modules = json_object_new_array();

    for (size_t i = 0; i < w->n_modules; i++) {
        const struct forecast_module *m = w->modules + i;
        json_object *o = json_object_new_object();

        json_add_string(o, "module", m->name);
        json_add_string(o, "source", forecast_source_to_string(m->source));
        json_add_string(o, "reason", m->reason);
        json_add_bool(o, "loaded", m->loaded);
        json_object_array_add(modules, o);
    }
    return modules;
}

/* Writes the section for a drop-in, with no line longer than the parser accepts. */
static void write_section(FILE *f, char *const *names) {
    size_t used = LINE_WIDTH;

    (void) fprintf(f, "[Lock]");
    STRV_FOREACH(name, names) {
        bool fits = used + 1 + strlen(*name) <= LINE_WIDTH;

        used = (fits ? used + 1 : STRLEN("Modules=")) + strlen(*name);
        (void) fprintf(f, "%s%s", fits ? " " : "\nModules=", *name);
    }
    (void) fprintf(f, "\n");
}

static json_object *proposal_value(char *const *names) {
    json_object *o = json_object_new_object();
    _cleanup_free_ char *text = NULL;
    FILE *f = names ? open_memstream(&text, &(size_t){ 0 }) : NULL;

    if (f) {
        write_section(f, names);
        (void) fclose(f);
    }
    json_add_list(o, "modules", names);
    json_object_object_add(o, "text", text ? json_object_new_string(text) : NULL);
    return o;
}

static json_object *forecast_value(const struct snapshot *s, const struct outcome *outcome,
                                   const struct forecast *w) {
    json_object *o = json_object_new_object();

    json_add_string(o, "kernel", w->release);
    json_add_string(o, "outcome", outcome->word);
    json_add_string(o, "reason", outcome->error.message);
    json_add_string(o, "hint", outcome->error.hint);
    json_object_object_add(o, "modules", modules_value(w));
    json_object_object_add(o, "proposal", proposal_value(w->proposal));
    json_add_list(o, "unread", w->unread);
    json_add_list(o, "alsoLockedBy", s->kernel_settings);
    return o;
}

int ctl_lock_forecast(struct ctl *c, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(forecast_done) struct forecast w = {};
    struct outcome outcome = { .error = ERROR_NULL };
    int r;

    r = snapshot_take(&c->host, SNAPSHOT_MODULES, &s, e);
    if (r >= 0)
        r = forecast_find(&c->host, &s.policy, &w, e);
    if (r >= 0)
        r = decide(&s, &w, &outcome);
    if (r >= 0)
        json_object_object_add(c->value, "forecast", forecast_value(&s, &outcome, &w));
    error_done(&outcome.error);
    return r;
}

static void print_outcome(json_object *forecast) {
    const char *word = value_get(forecast, "outcome"), *hint = value_get(forecast, "hint");
    const char *reason = strempty(value_get(forecast, "reason"));

    if (!word)
        printf("There is no running kernel to lock.\n");
    else if (streq(word, "lock"))
        printf("Modules would be locked now.\n");
    else if (streq(word, "nothing"))
        printf("Modules are locked already.\n");
    else
        printf("Modules would not be locked %s: %s\n", streq(word, "wait") ? "yet" : "now", reason);
    if (hint)
        printf("  %s\n", hint);
}

void print_lock_forecast(const struct ctl *c) {
    static const struct table_column columns[] = {
        { "MODULE", "module" },
        { "SOURCE", "source" },
        { "REASON", "reason" },
    };
    json_object *forecast = json_object_object_get(c->value, "forecast");
    json_object *modules = json_object_object_get(forecast, "modules");
    json_object *others = json_object_object_get(forecast, "alsoLockedBy");
    json_object *unread = json_object_object_get(forecast, "unread");
    const char *text = value_get(json_object_object_get(forecast, "proposal"), "text");

    print_outcome(forecast);
    for (size_t i = 0; i < json_object_array_length(others); i++)
        printf("Locked at boot by others: %s\n", json_object_get_string(json_object_array_get_idx(others, i)));
    if (json_object_array_length(modules) == 0)
        printf("No modules are known that kernel %s would need after the lock.\n",
               value_get(forecast, "kernel"));
    else {
        printf("After the lock, kernel %s will probably need these modules:\n"
               "\n",
               value_get(forecast, "kernel"));
        (void) table_print(modules, columns, ELEMENTSOF(columns), c->legend, /* wide= */ true);
        printf("\n");
    }
    for (size_t i = 0; i < json_object_array_length(unread); i++)
        printf("Not examined: %s\n", json_object_get_string(json_object_array_get_idx(unread, i)));
    printf("This forecast is made from devices, configuration and earlier boots. It may miss "
           "modules,\n"
           "and it may list modules that are never needed.\n");
    if (text)
        printf("To load these before the lock, add to /etc/lpd/lpd.conf.d/50-modules.conf:\n"
               "\n"
               "%s", text);
}
