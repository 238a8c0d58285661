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

static bool is_in(json_object *patch) {
    const char *state = value_get(patch, "state");

    return streq(state, "active") || streq(state, "transition") || streq(state, "replaced");
}

static void print_patch(json_object *patch, const char *metric, bool value) {
    printf("%s{", metric);
    print_label("patch", value_get(patch, "name"));
    printf("} %d\n", value);
}

static bool is_true(json_object *o, const char *key) {
    return json_object_get_boolean(json_object_object_get(o, key));
}

void print_metrics(const struct ctl *c) {
    json_object *patches = json_object_object_get(c->value, "patches");
    json_object *kernel = json_object_object_get(c->value, "kernel");
    size_t n = json_object_array_length(patches);
    json_object *missing = json_object_object_get(c->value, "requiredMissing");

    printf("# HELP lpd_patch_loaded Whether a live patch is loaded.\n# TYPE lpd_patch_loaded gauge\n");
    for (size_t i = 0; i < n; i++) {
        json_object *patch = json_object_array_get_idx(patches, i);

        print_patch(patch, "lpd_patch_loaded", is_in(patch));
    }
    printf("# HELP lpd_patch_transition Whether a live patch is in transition.\n"
           "# TYPE lpd_patch_transition gauge\n");
    for (size_t i = 0; i < n; i++) {
        json_object *patch = json_object_array_get_idx(patches, i);

        print_patch(patch, "lpd_patch_transition",
                    is_true(json_object_object_get(patch, "kernelState"), "transition"));
    }
    printf("# HELP lpd_patch_inapplicable Whether a live patch is loaded that the configuration "
           "excludes.\n"
           "# TYPE lpd_patch_inapplicable gauge\n");
    for (size_t i = 0; i < n; i++) {
        json_object *patch = json_object_array_get_idx(patches, i), *applies = json_object_object_get(patch, "applies");

        print_patch(patch, "lpd_patch_inapplicable",
                    applies && !json_object_get_boolean(applies) && is_in(patch));
    }
    printf("# HELP lpd_required_missing Required live patches that are not loaded.\n# TYPE "
           "lpd_required_missing gauge\nlpd_required_missing %zu\n# HELP lpd_modules_locked "
           "Whether kernel.modules_disabled is set.\n# TYPE lpd_modules_locked "
           "gauge\nlpd_modules_locked %d\n",
           json_object_array_length(missing), is_true(kernel, "modulesDisabled"));
}
