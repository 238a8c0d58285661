/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "ctl/ctl.h"

/* lpctl metrics: the status in the Prometheus text format, for the textfile collector of
 * node_exporter. */

/* In label values, backslashes, quotes and line feeds are escaped (prometheus.io, "Exposition
 * formats", text format). */
static void print_label(const char *key, const char *value) {
    printf("%s=\"", key);
    for (; *value; value++)
        printf(*value == '\n' ? "\\n" : *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
    printf("\"");
}

static bool is_true(json_object *o, const char *key) {
    return json_object_get_boolean(json_object_object_get(o, key));
}

static int64_t is_in(json_object *patch) {
    const char *state = value_get(patch, "state");

    return streq(state, "active") || streq(state, "transition") || streq(state, "replaced");
}

static int64_t in_transition(json_object *patch) {
    return is_true(json_object_object_get(patch, "kernelState"), "transition");
}

static int64_t is_inapplicable(json_object *patch) {
    json_object *applies = json_object_object_get(patch, "applies");

    return applies && !json_object_get_boolean(applies) && is_in(patch);
}

static int64_t is_confirmed(json_object *patch) {
    return streq(strempty(value_get(patch, "guard")), "confirmed");
}

static int64_t is_quarantined(json_object *patch) {
    return streq(strempty(value_get(patch, "guard")), "quarantined");
}

static int64_t attempts(json_object *patch) {
    return json_object_get_int64(json_object_object_get(patch, "attempts"));
}

static const struct {
    const char *name, *help;
    int64_t (*value)(json_object *patch);
} metrics[] = {
    { "lpd_patch_loaded", "Whether a live patch is loaded.", is_in },
    { "lpd_patch_transition", "Whether a live patch is in transition.", in_transition },
    { "lpd_patch_inapplicable", "Whether a live patch is loaded that the configuration excludes.", is_inapplicable },
    { "lpd_patch_confirmed", "Whether the installed build is confirmed.", is_confirmed },
    { "lpd_patch_quarantined", "Whether the installed build is quarantined.", is_quarantined },
    { "lpd_patch_attempts", "Boots on trial that have not ended in order, with this one.", attempts },
};

void print_metrics(const struct ctl *c) {
    json_object *patches = json_object_object_get(c->value, "patches");
    json_object *kernel = json_object_object_get(c->value, "kernel");
    json_object *missing = json_object_object_get(c->value, "requiredMissing");

    for (size_t m = 0; m < ELEMENTSOF(metrics); m++) {
        printf("# HELP %s %s\n# TYPE %s gauge\n", metrics[m].name, metrics[m].help, metrics[m].name);
        for (size_t i = 0; i < json_object_array_length(patches); i++) {
            json_object *patch = json_object_array_get_idx(patches, i);

            printf("%s{", metrics[m].name);
            print_label("patch", value_get(patch, "name"));
            printf("} %lld\n", (long long) metrics[m].value(patch));
        }
    }
    printf("# HELP lpd_required_missing Required live patches that are not loaded.\n# TYPE "
           "lpd_required_missing gauge\nlpd_required_missing %zu\n# HELP lpd_modules_locked "
           "Whether kernel.modules_disabled is set.\n# TYPE lpd_modules_locked "
           "gauge\nlpd_modules_locked %d\n",
           json_object_array_length(missing), is_true(kernel, "modulesDisabled"));
}
