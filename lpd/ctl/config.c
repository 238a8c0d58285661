/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/conf-files.h"
#include "config/manifest.h"
#include "config/name.h"
#include "config/policy.h"
#include "ctl/ctl.h"
#include "plan/next-kernel.h"
#include "plan/order.h"
#include "plan/snapshot.h"
#include "trust/manifest.h"

/* The verbs about configuration files. */

/* More than any extension-release file needs. */
#define EXTENSION_RELEASE_MAX 65536

static void add_problem(struct ctl *c, const char *path, const char *message, const char *hint) {
    json_object *o = json_object_new_object();

    json_add_string(o, "file", path);
    json_add_string(o, "message", message);
    json_add_string(o, "hint", hint);
    json_object_array_add(json_object_object_get(c->value, "problems"), o);
}

/* A fault, and the others that were found with it. */
static void add_problems(struct ctl *c, const char *path, int r, const struct error *e) {
    add_problem(c, path, error_message(e, r), e->hint);
    for (const struct error *more = e->more; more; more = more->more)
        add_problem(c, path, error_message(more, r), more->hint);
}

static void add_warning(struct ctl *c, const char *text) {
    json_object_array_add(json_object_object_get(c->value, "warnings"), json_object_new_string(text));
}

/* Faults of keys that have no effect on loading. */
static void add_warnings(struct ctl *c, const struct manifest *m) {
    const struct error *first = m->warnings.message ? &m->warnings : NULL;

    for (const struct error *w = first; w; w = w->more) {
        _cleanup_free_ char *text = error_text(w);

        add_warning(c, strempty(text));
    }
}

/* Checks the signature of a manifest if the policy requires one. If the signature cannot be checked
 * here, that is not a fault. */
static int lint_signature(struct host *h, const struct policy *policy,
                          const struct kernel_facts *facts, const struct manifest *m,
                          struct error *e) {
    const struct trust_machine machine = { policy, facts->sig_enforce, facts->secure_boot };
    int r;

    r = policy->signed_manifests ? trust_check_manifest(h, &machine, m, e) : 0;
    return r == -EOPNOTSUPP ? 0 : r;
}

/* The signature is expected beside the file, wherever the file is. */
static int lint_manifest(struct ctl *c, struct host *here, const char *path, const char *data,
                         size_t size, struct manifest *m, struct error *e) {
    _cleanup_(kernel_facts_done) struct kernel_facts facts = {};
    _cleanup_(policy_done) struct policy policy = {};
    int r;

    r = policy_load(&c->host, &policy, NULL);
    if (r != -ENOMEM)
        r = kernel_facts_read(here, &facts);
    if (r >= 0)
        r = manifest_add_source(m, path, data, size);
    return r < 0 ? r : lint_signature(here, &policy, &facts, m, e);
}

/* A file on the command line is read as a policy if its name is that of a policy file, otherwise as
 * the manifest of the patch that its name gives. */
static int lint_text(struct ctl *c, struct host *here, const char *path, const char *absolute,
                     const char *data, size_t size, struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_(policy_done) struct policy p = {};
    const char *base = path_basename(path);
    _cleanup_free_ char *name = NULL;
    int r;

    if (streq(base, "lpd.conf") || strstr(path, "lpd.conf.d/")) {
        r = policy_default(&p);
        return r < 0 ? r : policy_parse(&p, path, data, size, e);
    }
    name = strndup(base, endswith(base, ".conf") ? strlen(base) - STRLEN(".conf") : strlen(base));
    r = name ? manifest_parse(name, path, data, size, &m, e) : -ENOMEM;
    add_warnings(c, &m);
    return r < 0 ? r : lint_manifest(c, here, absolute, data, size, &m, e);
}

static int lint_file(struct ctl *c, const char *path) {
    _cleanup_(host_close) struct host here = HOST_NULL;
    _cleanup_free_ char *absolute = NULL, *data = NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    size_t size;
    int r;

    r = ctl_find_file(path, &absolute, &e);
    if (r >= 0)
        r = host_open("/", &here);
    if (r >= 0)
        r = conf_read_untrusted(&here, absolute, &data, &size, &e);
    if (r > 0)
        r = lint_text(c, &here, path, absolute, data, size, &e);
    if (r < 0)
        add_problems(c, path, r, &e);
    return 0;
}

static void add_circle(struct ctl *c, const char *path, const char *circle) {
    _cleanup_free_ char *message = NULL;

    if (asprintf(&message, "%s: After= and Requires= form a cycle: %s", path, circle) >= 0)
        add_problem(c, path, message, NULL);
}

/* The files that the manifest names by an absolute path. */
static void lint_paths(struct ctl *c, const struct manifest_entry *entry) {
    const struct manifest *m = &entry->manifest;

    for (size_t i = 0; i <= m->n_kernels; i++) {
        _cleanup_(error_done) struct error e = ERROR_NULL;
        const char *path = i < m->n_kernels ? m->kernels[i].module : m->probe;
        int r = path && *path == '/' ? ctl_check_local(c, path, &e) : 0;

        if (r < 0)
            add_problem(c, entry->path, error_message(&e, r), e.hint);
    }
}

/* Reports what makes a load fail whatever the state of other patches is. */
static void lint_entry(struct ctl *c, const struct snapshot *s, size_t i) {
    const struct manifest_entry *entry = s->manifests.entries + i;
    const struct patch_info *info = s->patch_infos + i;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    if (s->policy_error >= 0 && info->gate_asked && info->gate_result < 0 &&
        info->gate_refusal.exit_status != EXIT_STATUS_PRIVILEGE)
        add_problems(c, entry->path, info->gate_result, &info->gate_refusal);

    r = lint_signature(&c->host, &s->policy, &s->facts, &entry->manifest, &e);
    if (r < 0)
        add_problem(c, entry->path, error_message(&e, r), e.hint);
    lint_paths(c, entry);
}

/* Reports names in a list that no manifest has. In Requires= that is a problem, because the patch
 * is never loaded. */
static int lint_relation(struct ctl *c, const struct snapshot *s, const struct manifest_entry *entry,
                         const char *key, char *const *list) {
    bool required = streq(key, "Requires");

    STRV_FOREACH(name, list) {
        _cleanup_free_ char *message = NULL, *text = NULL;
        _cleanup_(error_done) struct error e = ERROR_NULL;

        if (manifest_list_find(&s->manifests, *name))
            continue;
        (void) ctl_no_patch(c, *name, &e);
        if (asprintf(&message, "%s: %s=%s: there is no patch of that name%s", entry->path, key, *name,
                     required ? ", so this one is never loaded" : "") < 0 ||
            asprintf(&text, "%s; %s", message, strempty(e.hint)) < 0)
            return -ENOMEM;
        if (required)
            add_problem(c, entry->path, message, e.hint);
        else
            add_warning(c, text);
    }
    return 0;
}

static int lint_relations(struct ctl *c, const struct snapshot *s, const struct manifest_entry *entry) {
    const struct manifest *m = &entry->manifest;
    int r;

    r = lint_relation(c, s, entry, "After", m->after);
    if (r >= 0)
        r = lint_relation(c, s, entry, "Requires", m->requires);
    return r < 0 ? r : lint_relation(c, s, entry, "Conflicts", m->conflicts);
}

static void add_lock_warning(struct ctl *c, const char *setting) {
    _cleanup_free_ char *text = NULL;

    if (asprintf(&text, "%s: patches are loaded before it at boot, and not after; use Lock= in lpd.conf instead",
                 setting) >= 0)
        add_warning(c, text);
}

/* Reports that the generator does not see a file at boot, with the mount that hides it. */
static int add_late(struct ctl *c, const char *directory, const char *file) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    if (asprintf(&path, "%s/%s", directory, file) < 0)
        return -ENOMEM;
    r = file_exists(&c->host, path) ? ctl_check_early(c, path, &e) : 0;
    if (r < 0 && r != -ENOMEM)
        add_problem(c, path, error_message(&e, r), e.hint);
    return r == -ENOMEM ? r : 0;
}

static int lint_places(struct ctl *c) {
    static const char *const files[] = { "lpd.conf", "lpd.conf.d", "patches.d" };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(conf_dirs); i++)
        for (size_t k = 0; k < ELEMENTSOF(files) && r >= 0; k++)
            r = add_late(c, conf_dirs[i], files[k]);
    return r;
}

/* Whether an extension-release file makes systemd restart or reload that unit. */
static int extension_names(const char *text, const char *unit) {
    _cleanup_strv_free_ char **lines = NULL;
    int r = strv_extend_split(&lines, text, "\n");

    for (char **line = lines; r == 0 && line && *line; line++) {
        _cleanup_strv_free_ char **words = NULL;

        if (!startswith(*line, "EXTENSION_RESTART_UNITS=") &&
            !startswith(*line, "EXTENSION_RELOAD_OR_RESTART_UNITS="))
            continue;
        r = strv_extend_split(&words, *line, "= \t\"'");
        if (r == 0 && strv_contains(words, unit))
            r = 1;
    }
    return r;
}

/* systemd-sysext.service waits for these units at boot, before sysinit.target, which lpd.service waits
 * for. */
static int lint_extension(struct ctl *c, const char *directory, const char *name) {
    _cleanup_free_ char *path = NULL, *text = NULL;
    int r;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    if (file_read(&c->host, path, EXTENSION_RELEASE_MAX, &text, NULL) < 0)
        return 0;
    r = extension_names(text, "lpd.service");
    if (r > 0)
        add_problem(c, path, "lpd.service is among the units that systemd reloads for this extension: "
                             "a boot with it never ends",
                    "name lpd-apply.service instead");
    return MIN(r, 0);
}

static int lint_extensions(struct ctl *c) {
    static const char *const directories[] = { "/usr/lib/extension-release.d", "/etc/extension-release.d" };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
        _cleanup_strv_free_ char **names = NULL;

        if (file_list(&c->host, directories[i], &names) < 0)
            continue;
        for (char **name = names; name && *name && r >= 0; name++)
            r = lint_extension(c, directories[i], *name);
    }
    return r;
}

/* Checks the machine's own files. Relations between manifests can only be checked here. */
static int lint_machine(struct ctl *c, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(order_done) struct order order = {};
    int r;

    r = snapshot_take(&c->host, SNAPSHOT_MODULES | SNAPSHOT_SIGNATURES, &s, e);
    if (r >= 0)
        r = order_make(&s.manifests, &order);
    if (r >= 0)
        r = lint_places(c);
    if (r >= 0)
        r = lint_extensions(c);
    if (r < 0)
        return r;
    STRV_FOREACH(setting, s.kernel_settings)
        add_lock_warning(c, *setting);
    if (s.policy_error < 0)
        add_problems(c, "lpd.conf", s.policy_error, &s.policy_problem);
    for (size_t i = 0; i < s.manifests.n_entries && r >= 0; i++) {
        const struct manifest_entry *entry = s.manifests.entries + i;

        add_warnings(c, &entry->manifest);
        if (entry->error_number < 0) {
            add_problems(c, entry->path, entry->error_number, &entry->error);
            continue;
        }
        if (order.circle_of[i])
            add_circle(c, entry->path, order.circle_of[i]);
        r = lint_relations(c, &s, entry);
        lint_entry(c, &s, i);
    }
    return r;
}

/* Checks what another kernel would boot without. */
static int lint_kernel(struct ctl *c, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list manifests = {};
    _cleanup_strv_free_ char **missing = NULL;
    int r;

    r = ctl_check_release(c->kernel, e);
    if (r < 0)
        return r;
    r = manifest_list_load(&c->host, NULL, &manifests, e);
    if (r >= 0)
        r = next_kernel_missing(&c->host, &manifests, c->kernel, &missing);
    STRV_FOREACH(name, missing) {
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message, "%s: there is no module for %s, which boots without it", *name,
                     c->kernel) < 0)
            return -ENOMEM;
        add_problem(c, manifest_list_find(&manifests, *name)->path, message, NULL);
    }
    return r;
}

int ctl_lint(struct ctl *c, char **argv, struct error *e) {
    size_t n;
    int r;

    c->value = value_new();
    json_object_object_add(c->value, "problems", json_object_new_array());
    json_object_object_add(c->value, "warnings", json_object_new_array());
    r = *argv ? 0 : lint_machine(c, e);
    STRV_FOREACH(path, argv)
        if (r >= 0)
            r = lint_file(c, *path);
    if (r >= 0 && c->kernel)
        r = lint_kernel(c, e);
    if (r < 0)
        return r;
    n = json_object_array_length(json_object_object_get(c->value, "problems"));
    return n == 0 ? 0 : error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "%zu problem%s found", n,
                                  n == 1 ? "" : "s");
}

void print_problems(const struct ctl *c) {
    json_object *problems = json_object_object_get(c->value, "problems");
    json_object *warnings = json_object_object_get(c->value, "warnings");

    for (size_t i = 0; i < json_object_array_length(warnings); i++)
        printf("warning: %s\n", json_object_get_string(json_object_array_get_idx(warnings, i)));

    for (size_t i = 0; i < json_object_array_length(problems); i++) {
        json_object *o = json_object_array_get_idx(problems, i);
        const char *hint = value_get(o, "hint");

        printf("%s%s%s\n", value_get(o, "message"), hint ? "; " : "", strempty(hint));
    }
    if (c->legend && json_object_array_length(problems) == 0)
        printf("No problems found.\n");
}

static json_object *places_value(const struct policy_origin *origin) {
    json_object *places = json_object_new_array();

    for (size_t i = 0; i < origin->n_places; i++) {
        json_object *o = json_object_new_object();

        json_add_string(o, "value", origin->places[i].value);
        json_add_string(o, "path", origin->places[i].path);
        json_add_number(o, "line", origin->places[i].line);
        json_object_array_add(places, o);
    }
    return places;
}

int ctl_cat_config(struct ctl *c, char **argv _unused_, struct error *e) {
    json_object *options = json_object_new_array();
    _cleanup_(policy_done) struct policy p = {};
    int r;

    c->value = value_new();
    json_object_object_add(c->value, "options", options);
    r = policy_load(&c->host, &p, e);
    for (size_t i = 0; i < p.n_origins; i++) {
        const struct policy_origin *origin = p.origins + i;
        json_object *o = json_object_new_object();

        json_add_string(o, "section", origin->section);
        json_add_string(o, "key", origin->key);
        json_add_string(o, "value", origin->value);
        json_add_string(o, "path", origin->path);
        json_object_object_add(o, "line", origin->path ? json_object_new_int64(origin->line) : NULL);
        json_object_object_add(o, "places", places_value(origin));
        json_object_array_add(options, o);
    }
    return r;
}

/* Each file that adds to a list is shown as a separate assignment, as in the files. */
static void print_places(const struct ctl *c, const char *key, json_object *places) {
    for (size_t i = 0; i < json_object_array_length(places); i++) {
        json_object *o = json_object_array_get_idx(places, i);

        if (c->legend)
            printf("# %s:%lld\n", value_get(o, "path"),
                   (long long) json_object_get_int64(json_object_object_get(o, "line")));
        printf("%s=%s\n", key, strempty(value_get(o, "value")));
    }
}

void print_config(const struct ctl *c) {
    json_object *options = json_object_object_get(c->value, "options");
    const char *section = "";

    for (size_t i = 0; i < json_object_array_length(options); i++) {
        json_object *o = json_object_array_get_idx(options, i);

        if (!streq(section, value_get(o, "section"))) {
            section = value_get(o, "section");
            printf("%s[%s]\n", i > 0 ? "\n" : "", section);
        }
        print_places(c, value_get(o, "key"), json_object_object_get(o, "places"));
        if (!value_get(o, "path"))
            printf("%s%s=%s\n", c->legend ? "# default\n" : "", value_get(o, "key"), strempty(value_get(o, "value")));
    }
}
