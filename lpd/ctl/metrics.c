/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "ctl/ctl.h"
#include "report/cves.h"

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

static int64_t is_overridden(json_object *patch) {
    return value_get(patch, "overridden") != NULL;
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
    { "lpd_patch_overridden", "Whether a tracer decides what a patched function returns; 0 if that is unknown.", is_overridden },
    { "lpd_patch_inapplicable", "Whether a live patch is loaded that the configuration excludes.", is_inapplicable },
    { "lpd_patch_confirmed", "Whether the installed build is confirmed.", is_confirmed },
    { "lpd_patch_quarantined", "Whether the installed build is quarantined.", is_quarantined },
    { "lpd_patch_attempts", "Boots on trial that have not ended in order, with this one.", attempts },
};

static void print_head(const char *name, const char *type, const char *help) {
    printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_number(const char *name, const char *type, const char *help, int64_t value) {
    print_head(name, type, help);
    printf("%s %lld\n", name, (long long) value);
}

static void print_of_patches(json_object *patches) {
    for (size_t m = 0; m < ELEMENTSOF(metrics); m++) {
        print_head(metrics[m].name, "gauge", metrics[m].help);
        for (size_t i = 0; i < json_object_array_length(patches); i++) {
            json_object *patch = json_object_array_get_idx(patches, i);

            printf("%s{", metrics[m].name);
            print_label("patch", value_get(patch, "name"));
            printf("} %lld\n", (long long) metrics[m].value(patch));
        }
    }
}

static void print_info(json_object *patches) {
    print_head("lpd_patch_info", "gauge", "What is known of a live patch, in its labels.");
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *patch = json_object_array_get_idx(patches, i), *module = json_object_object_get(patch, "module");

        printf("lpd_patch_info{");
        print_label("patch", value_get(patch, "name"));
        printf(",");
        print_label("module", strempty(value_get(module, "name")));
        printf(",");
        print_label("build_id", strempty(value_get(module, "buildId")));
        printf(",");
        print_label("stage", strempty(value_get(patch, "stage")));
        printf("} 1\n");
    }
}

/* One line for each value that the key may have, of which one is 1. */
static void print_one_hot(json_object *patches, const char *metric, const char *help, const char *key,
                          const char *const *values, size_t n_values) {
    print_head(metric, "gauge", help);
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *patch = json_object_array_get_idx(patches, i);

        for (size_t k = 0; k < n_values; k++) {
            printf("%s{", metric);
            print_label("patch", value_get(patch, "name"));
            printf(",");
            print_label("state", values[k]);
            printf("} %d\n", streq(strempty(value_get(patch, key)), values[k]));
        }
    }
}

/* usec: NULL if it is unknown. */
static void print_seconds(const char *metric, json_object *patch, json_object *usec) {
    if (!usec)
        return;
    printf("%s{", metric);
    print_label("patch", value_get(patch, "name"));
    printf("} %.3f\n", (double) json_object_get_int64(usec) / USEC_PER_SEC);
}

/* A patch that lpd did not load has no time. */
static void print_since(json_object *patches) {
    static const char metric[] = "lpd_patch_since_timestamp_seconds";

    print_head(metric, "gauge", "When lpd recorded the result of the patch.");
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *patch = json_object_array_get_idx(patches, i);

        print_seconds(metric, patch, json_object_object_get(patch, "since"));
    }
}

static void print_transition_seconds(json_object *patches) {
    static const char metric[] = "lpd_patch_transition_seconds";

    print_head(metric, "gauge", "How long the transition took that enabled a live patch.");
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *patch = json_object_array_get_idx(patches, i);

        print_seconds(metric, patch, json_object_object_get(json_object_object_get(patch, "kernelState"), "transitionUsec"));
    }
}

static void print_fixes(json_object *cves) {
    print_head("lpd_cve_effective", "gauge", "Whether the running kernel runs the new code of a patch that fixes it.");
    for (size_t i = 0; i < json_object_array_length(cves); i++) {
        json_object *cve = json_object_array_get_idx(cves, i);

        printf("lpd_cve_effective{");
        print_label("cve", value_get(cve, "id"));
        printf("} %d\n", streq(value_get(cve, "state"), cve_state_name(CVE_EFFECTIVE)));
    }
}

static void print_machine(json_object *status) {
    json_object *missing = json_object_object_get(status, "requiredMissing");
    json_object *image = json_object_object_get(status, "initramfs");
    json_object *refused = json_object_object_get(json_object_object_get(status, "lock"), "refused");

    print_number("lpd_required_missing", "gauge", "Required live patches that are not loaded.",
                 (int64_t) json_object_array_length(missing));
    print_number("lpd_modules_locked", "gauge", "Whether kernel.modules_disabled is set.",
                 is_true(json_object_object_get(status, "kernel"), "modulesDisabled"));
    if (refused)
        print_number("lpd_refused_loads_total", "counter", "Loads of modules that the lock has refused in this boot.",
                     json_object_get_int64(json_object_object_get(refused, "count")));
    if (image)
        print_number("lpd_initramfs_outdated_patches", "gauge",
                     "Live patches that the initramfs of this boot lacked, or contained although outdated.",
                     (int64_t) json_object_array_length(json_object_object_get(image, "patches")));
}

void print_metrics(const struct ctl *c) {
    static const char *const states[] = { "active", "transition", "disabled", "replaced", "failed",
                                          "refused", "skipped", "quarantined", "absent" };
    static const char *const guards[] = { "trial", "confirmed", "quarantined" };
    json_object *patches = json_object_object_get(c->value, "patches");

    print_info(patches);
    print_of_patches(patches);
    print_one_hot(patches, "lpd_patch_state", "The state of a live patch: 1 for the one that it is in.", "state",
                  states, ELEMENTSOF(states));
    print_one_hot(patches, "lpd_patch_guard_state", "The state of the installed build: 1 for the one that it is in.",
                  "guard", guards, ELEMENTSOF(guards));
    print_since(patches);
    print_transition_seconds(patches);
    print_fixes(c->cves);
    print_machine(c->value);
}
