/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "base/utf8.h"
#include "base/task.h"
#include "base/suggest.h"
#include "config/name.h"
#include "ctl/boots.h"
#include "ctl/ctl.h"
#include "ctl/signature.h"
#include "livepatch/transition.h"
#include "plan/missing.h"
#include "report/known-fixes.h"
#include "report/status.h"
#include "report/table.h"
#include "report/terminal.h"
#include "system/mount-unit.h"

/* The read-only verbs. */

int ctl_check_name(const char *name, struct error *e) {
    char quote[UTF8_QUOTE_SIZE];

    if (patch_name_is_valid(name))
        return 0;
    return error_hint(e, error_set(e, -EINVAL, EXIT_STATUS_USAGE,
                                   "'%s' is not a patch name", utf8_quote(name, quote)),
                      "names are letters, digits, '-', '_' and '.', %d at most", PATCH_NAME_MAX);
}

int ctl_check_release(const char *release, struct error *e) {
    char quote[UTF8_QUOTE_SIZE];

    return kernel_release_is_valid(release)
               ? 0 : error_set(e, -EINVAL, EXIT_STATUS_USAGE, "'%s' is not a kernel release", utf8_quote(release, quote));
}

int ctl_find_file(const char *argument, char **ret, struct error *e) {
    char *path = realpath(argument, NULL);
    int r;

    if (path) {
        *ret = path;
        return 0;
    }
    r = -errno;
    if (strstr(argument, "://"))
        return error_hint(e, error_set(e, -EINVAL, EXIT_STATUS_USAGE,
                                       "%s: this is a URL, and lpctl reads local files only", argument),
                          "download it first, and name the file: curl -fLO '%s'", argument);
    return error_set(e, r, r == -EACCES ? EXIT_STATUS_PRIVILEGE : EXIT_STATUS_FAILED, "%s: %s", argument,
                     strerror(-r));
}

/* A path with a loop of links is reported by the code that opens it. */
static int find_mount(const struct ctl *c, const char *path,
                      int (*find)(const struct host *h, const char *path, char **ret), char **ret) {
    int r = find(&c->host, path, ret);

    return r == -ELOOP ? 0 : r;
}

int ctl_check_early(const struct ctl *c, const char *path, struct error *e) {
    _cleanup_free_ char *place = NULL;
    int r;

    r = find_mount(c, path, mount_unit_find_late, &place);
    if (r <= 0)
        return r;
    r = error_set(e, -ENOTSUP, EXIT_STATUS_CONFIG,
                  "%s lies on %s, which is mounted only after lpd-generator(8) has run, so "
                  "nothing in it is loaded at boot", path, place);
    return error_hint(e, r, "put it on the root file system, or have the initramfs mount %s: x-initrd.mount in "
                            "/etc/fstab", place);
}

int ctl_check_local(const struct ctl *c, const char *path, struct error *e) {
    _cleanup_free_ char *place = NULL;
    int r;

    r = find_mount(c, path, mount_unit_find_remote, &place);
    if (r <= 0)
        return r;
    r = error_set(e, -ENOTSUP, EXIT_STATUS_CONFIG,
                  "%s lies on %s, which needs the network and is mounted after patches are loaded at boot",
                  path, place);
    return error_hint(e, r, "put it on a local file system");
}

int ctl_no_patch(struct ctl *c, const char *name, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    const char **names, *near = NULL;

    (void) error_set(e, -ENOENT, EXIT_STATUS_NO_PATCH, "there is no patch %s", name);
    if (manifest_list_load(&c->host, NULL, &l, NULL) < 0)
        return -ENOENT;
    names = calloc(l.n_entries + 1, sizeof(*names));
    for (size_t i = 0; names && i < l.n_entries; i++)
        names[i] = l.entries[i].name;
    if (names)
        near = suggest(name, names, l.n_entries);
    if (near)
        (void) error_hint(e, -ENOENT, "did you mean %s?", near);
    else
        (void) error_hint(e, -ENOENT, "lpctl list shows the patches of this machine");
    free(names);
    return -ENOENT;
}

struct look {
    struct snapshot snapshot;
    struct plan plan;
};

static void look_done(struct look *l) {
    plan_done(&l->plan);
    snapshot_done(&l->snapshot);
}

static int look(struct ctl *c, struct look *ret, struct error *e) {
    int r;

    r = snapshot_take(&c->host, SNAPSHOT_MODULES | SNAPSHOT_OVERRIDES, &ret->snapshot, e);
    return r < 0 ? r : plan_make(&ret->snapshot, &ret->plan);
}

/* Like look(), but also verifies the signature of one patch, for callers that may ask the kernel. */
static int look_closely(struct ctl *c, const char *name, struct look *ret, struct error *e) {
    size_t i;
    int r;

    r = snapshot_take(&c->host, SNAPSHOT_MODULES | SNAPSHOT_OVERRIDES, &ret->snapshot, e);
    if (r < 0)
        return r;
    i = snapshot_find(&ret->snapshot, name);
    if (i != SIZE_MAX && geteuid() == 0)
        r = snapshot_ask_gate(&c->host, &ret->snapshot, i, TRUST_EXPLAIN);
    return r < 0 ? r : plan_make(&ret->snapshot, &ret->plan);
}

static int check_required(const struct look *l, struct error *e) {
    _cleanup_strv_free_ char **missing = NULL;
    _cleanup_free_ char *names = NULL;
    int r;

    r = plan_missing(&l->snapshot, &l->plan, LOCK_REQUIRE_REQUIRED, &missing);
    if (r < 0 || !missing)
        return r;
    names = strv_join(missing, ", ");
    return error_set(e, -ENODATA, EXIT_STATUS_REQUIRED, "required, but not loaded: %s", strempty(names));
}

static bool has_patch(json_object *patches, const char *name) {
    for (size_t i = 0; i < json_object_array_length(patches); i++)
        if (streq(value_get(json_object_array_get_idx(patches, i), "name"), name))
            return true;
    return false;
}

static void add_matching(json_object *all, const char *pattern, json_object *patches) {
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        json_object *patch = json_object_array_get_idx(all, i);
        const char *name = value_get(patch, "name");

        if (patch_pattern_matches(pattern, name) && !has_patch(patches, name))
            json_object_array_add(patches, json_object_get(patch));
    }
}

/* Puts the patches with these names into o instead of all. A pattern may match nothing, but a name
 * must be that of a patch. */
static int select_patches(struct ctl *c, const struct look *l, char **names, json_object *o, struct error *e) {
    json_object *all = json_object_get(json_object_object_get(o, "patches")), *patches = json_object_new_array();
    int r = 0;

    json_object_object_add(o, "patches", patches);
    for (; *names && r >= 0; names++) {
        _cleanup_free_ char *spelled = NULL;
        json_object *patch;

        if (patch_pattern_is_glob(*names)) {
            add_matching(all, *names, patches);
            continue;
        }
        if (ctl_spell(c, *names, &spelled) < 0)
            r = -ENOMEM;
        patch = status_build_patch(&l->snapshot, &l->plan, spelled ?: *names);
        if (!patch && r >= 0)
            r = ctl_no_patch(c, *names, e);
        else if (has_patch(patches, value_get(patch, "name")))
            json_object_put(patch);
        else
            json_object_array_add(patches, patch);
    }
    json_object_put(all);
    return r;
}

/* Looks, and makes the status the value. */
static int look_at_all(struct ctl *c, struct look *l, struct error *e) {
    int r;

    r = look(c, l, e);
    if (r < 0)
        return r;
    c->value = status_build(&l->snapshot, &l->plan);
    return boots_add(&c->host, &l->snapshot, c->value);
}

int ctl_status(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(look_done) struct look l = {};
    int r;

    r = look_at_all(c, &l, e);
    if (r >= 0 && *argv)
        r = select_patches(c, &l, argv, c->value, e);
    return r >= 0 && c->check ? check_required(&l, e) : r;
}

/* Printing cannot fail, so what it prints beside the status is collected here. */
int ctl_metrics(struct ctl *c, char **argv _unused_, struct error *e) {
    _cleanup_(look_done) struct look l = {};
    int r;

    r = look_at_all(c, &l, e);
    c->cves = json_object_new_array();
    return r < 0 ? r : known_fixes_add(&c->host, &l.snapshot, json_object_object_get(c->value, "patches"), c->cves, NULL);
}

int ctl_show(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(look_done) struct look l = {};
    _cleanup_json_ json_object *all = NULL;
    int r;

    r = look(c, &l, e);
    if (r < 0)
        return r;
    all = status_build(&l.snapshot, &l.plan);
    c->value = value_new();
    json_object_object_add(c->value, "patches", json_object_get(json_object_object_get(all, "patches")));
    return select_patches(c, &l, argv, c->value, e);
}

static const struct table_column list_columns[] = {
    { "NAME", "name" },
    { "STATE", "state" },
    { "ENABLED", "enabledNext" },
    { "SINCE", "since", COLUMN_ROOM },
    { "RUNTIME", "enabledNow", COLUMN_WIDE },
    { "STAGE", "stage", COLUMN_WIDE },
    { "REQUIRED", "required", COLUMN_WIDE },
    { "REASON", "reason", COLUMN_BELOW },
};

static void print_patches(const struct ctl *c) {
    json_object *patches = json_object_object_get(c->value, "patches");

    if (json_object_array_length(patches) > 0)
        (void) table_print(patches, list_columns, ELEMENTSOF(list_columns), c->legend, c->wide);
}

void print_list(const struct ctl *c) {
    print_patches(c);
    if (c->legend && json_object_array_length(json_object_object_get(c->value, "patches")) == 0)
        printf("No patches.\n");
}

static size_t count_state(json_object *patches, const char *state) {
    size_t n = 0;

    for (size_t i = 0; i < json_object_array_length(patches); i++)
        n += streq(strempty(value_get(json_object_array_get_idx(patches, i), "state")), state);
    return n;
}

static bool is_true(json_object *o, const char *key) {
    return json_object_get_boolean(json_object_object_get(o, key));
}

static void print_kernel(json_object *kernel) {
    const char *release = value_get(kernel, "release"), *lockdown = value_get(kernel, "lockdown");
    bool locked_down = lockdown && !streq(lockdown, "none");

    printf("Kernel    %s%s%s%s%s%s\n", release ?: "unknown",
           is_true(kernel, "livepatch") ? "" : ", no live patching in this kernel",
           is_true(kernel, "sigEnforce") ? ", signatures enforced" : "",
           is_true(kernel, "secureBoot") ? ", Secure Boot" : "",
           locked_down ? ", locked down: " : "", locked_down ? lockdown : "");
}

static void print_lock_author(json_object *lock) {
    json_object *by = json_object_object_get(lock, "by");
    const char *unit = by ? value_get(by, "unit") : NULL, *user = by ? value_get(by, "user") : NULL;
    _cleanup_free_ char *since = value_text(lock, "since");

    if (!by)
        return;
    printf(", %s%s%s%s%s", strempty(since), unit || user ? " by " : "", strempty(user),
           unit && user ? ", " : "", strempty(unit));
}

static void print_requested(json_object *refused, const char *key, const char *whose) {
    _cleanup_free_ char *names = value_text(refused, key);
    json_object *list = json_object_object_get(refused, key);

    if (list && json_object_array_length(list) > 0)
        printf("          the kernel asked%s for: %s\n", whose, strempty(names));
}

static void print_refused_count(json_object *refused, int64_t count) {
    int64_t uid = json_object_get_int64(json_object_object_get(refused, "uid"));
    _cleanup_free_ char *last = value_text(refused, "last");
    _cleanup_free_ char *user = uid > 0 ? task_user_name(uid) : NULL;

    printf("          %lld load%s of modules refused since, the last one by %s%s%s, %s\n",
           (long long) count, count == 1 ? "" : "s", strempty(value_get(refused, "command")),
           user ? " of " : "", strempty(user), strempty(last));
}

/* Lists the modules whose loads the lock has prevented, and names those that Modules= might
 * need. */
static void print_refused(json_object *refused) {
    int64_t count = json_object_get_int64(json_object_object_get(refused, "count"));

    if (count > 0)
        print_refused_count(refused, count);
    print_requested(refused, "requested", "");
    print_requested(refused, "requestedByUsers", " for users other than root");
}

/* Says who locked modules if it was not lpd. */
static void print_others(json_object *lock) {
    _cleanup_free_ char *others = value_text(lock, "alsoLockedBy");
    bool known = json_object_array_length(json_object_object_get(lock, "alsoLockedBy")) > 0;

    printf(", but not by lpd%s%s", known ? ": " : "", known ? strempty(others) : "");
}

/* Prints nothing if no lock is configured and none is set. */
static void print_lock_state(json_object *lock) {
    const char *state = value_get(lock, "state"), *policy = value_get(lock, "policy");
    const char *reason = value_get(lock, "reason");

    if (is_true(lock, "locked")) {
        printf("Lock      modules are locked until reboot%s%s",
               is_true(lock, "kexecLocked") ? ", and kexec" : "",
               is_true(lock, "sealed") ? ", the patches sealed in this network namespace" : "");
        if (state && streq(state, "locked"))
            print_lock_author(lock);
        else
            print_others(lock);
        printf("%s%s\n", reason ? ": " : "", strempty(reason));
        print_refused(json_object_object_get(lock, "refused"));
    } else if (state) {
        printf("Lock      %s", state);
        print_lock_author(lock);
        printf(": %s\n", strempty(reason));
    } else if (!streq(policy, "no"))
        printf("Lock      not locked yet, Lock=%s\n", policy);
}

static void print_policy(json_object *policy) {
    const char *problem = value_get(policy, "problem"), *signature = value_get(policy, "signature");

    if (problem)
        printf("Policy    broken, so nothing is loaded: %s\n", problem);
    else
        printf("Policy    Signature=%s%s\n", signature,
               streq(signature, "permissive") ? ": patches are loaded unsigned" : "");
}

static void print_switches(json_object *switches) {
    _cleanup_free_ char *skip = value_text(switches, "skip");

    if (is_true(switches, "crashKernel"))
        printf("Switches  this is a crash kernel: nothing is loaded or locked\n");
    if (is_true(switches, "disabledOnCommandLine"))
        printf("Switches  lpd=0 on the kernel command line: nothing is loaded at boot\n");
    if (is_true(switches, "disabledByFile"))
        printf("Switches  /etc/lpd/disable exists: nothing is loaded at boot\n");
    if (skip && !streq(skip, "-"))
        printf("Switches  lpd.skip= on the kernel command line: %s\n", skip);
}

static void print_volume(json_object *volume) {
    json_object *problems = json_object_object_get(volume, "problems");
    const char *node = value_get(volume, "node");

    if (!volume)
        return;
    printf("Volume    %s%s%s\n", value_get(volume, "device"), node ? " is " : "", strempty(node));
    for (size_t i = 0; i < json_object_array_length(problems); i++)
        printf("          in the initramfs: %s\n",
               json_object_get_string(json_object_array_get_idx(problems, i)));
}

/* Warns of patches that are loaded although the configuration of this boot excludes them. */
static void print_inapplicable(json_object *patches) {
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *patch = json_object_array_get_idx(patches, i), *applies = json_object_object_get(patch, "applies");
        bool enabled = is_true(json_object_object_get(patch, "kernelState"), "enabled");

        if (applies && !json_object_get_boolean(applies) && enabled)
            printf("Warning   %s is loaded, but does not apply here\n", value_get(patch, "name"));
    }
}

static void print_warnings(json_object *patches) {
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *warnings = json_object_object_get(json_object_array_get_idx(patches, i), "warnings");

        for (size_t k = 0; k < json_object_array_length(warnings); k++)
            printf("Warning   %s\n", json_object_get_string(json_object_array_get_idx(warnings, k)));
    }
}

static bool is_quarantined(json_object *patch) {
    return streq(strempty(value_get(patch, "guard")), "quarantined");
}

/* What to do is for people who see the machine for the first time, in lines that a small terminal has
 * room for. */
static void print_quarantines(json_object *patches) {
    const char *name = NULL;
    int n = 0, width;

    for (size_t i = 0; i < json_object_array_length(patches); i++)
        if (is_quarantined(json_object_array_get_idx(patches, i)) && n++ == 0)
            name = value_get(json_object_array_get_idx(patches, i), "name");
    if (n == 0)
        return;
    if (n == 1)
        printf("Guard     %s is quarantined and is not loaded at boot\n", name);
    else
        printf("Guard     %d patches are quarantined and are not loaded at boot\n", n);
    name = n == 1 ? name : "NAME";
    width = MAX((int) strlen(name), 4);
    printf("          lpctl ledger  %-*s  shows why\n"
           "          lpctl install %-*s  installs a repaired build\n"
           "          lpctl clear   %-*s  tries the same build again\n"
           "          lpctl remove  %-*s  gives it up\n", width, name, width, "FILE", width, name, width, name);
}

void print_status(const struct ctl *c) {
    json_object *patches = json_object_object_get(c->value, "patches");
    size_t n = json_object_array_length(patches);

    print_kernel(json_object_object_get(c->value, "kernel"));
    print_policy(json_object_object_get(c->value, "policy"));
    print_switches(json_object_object_get(c->value, "switches"));
    print_lock_state(json_object_object_get(c->value, "lock"));
    print_volume(json_object_object_get(c->value, "volume"));
    printf("Patches   %zu of %zu active", count_state(patches, "active"), n);
    for (size_t i = 0; i < 5; i++) {
        const char *state =
            (const char *const[]){ "transition", "failed", "refused", "quarantined", "replaced" }[i];

        if (count_state(patches, state) > 0)
            printf(", %zu %s", count_state(patches, state), state);
    }
    printf("\n");
    print_quarantines(patches);
    if (!status_silences(c->value, WARNING_INAPPLICABLE))
        print_inapplicable(patches);
    if (!status_silences(c->value, WARNING_MANIFEST))
        print_warnings(patches);
    print_boots(c->value);
    if (n > 0)
        printf("\n");
    print_patches(c);
}

static void print_layer(json_object *o, int indent) {
    const char *waits = value_get(o, "waitsFor"), *top = value_get(o, "top");
    _cleanup_free_ char *since = json_object_object_get(o, "since") ? value_text(o, "since") : NULL;
    int64_t n = json_object_get_int64(json_object_object_get(o, "patches"));

    printf("%*s%s", indent, "", value_get(o, "function"));
    if (waits)
        printf(": waits for the module %s", waits);
    else if (n > 1)
        printf(": changed by %lld patches, %s on top", (long long) n, top ?: "it is unknown which is");
    if (!waits && since)
        printf("%s since %s", n > 1 ? "" : ":", since);
    printf("\n");
}

/* Nested fields are printed under a heading of their own, indented one step. */
static void print_fields(json_object *o, int indent) {
    json_object_object_foreach(o, key, value) {
        _cleanup_free_ char *text = NULL;

        /* The same as the layers, with less. */
        if (streq(key, "functions"))
            continue;
        if (streq(key, "layers")) {
            printf("%*sfunctions%s\n", indent, "", json_object_array_length(value) > 0 ? "" : "    -");
            for (size_t i = 0; i < json_object_array_length(value); i++)
                print_layer(json_object_array_get_idx(value, i), indent + 2);
            continue;
        }

        if (value && json_object_is_type(value, json_type_object)) {
            printf("%*s%s\n", indent, "", key);
            print_fields(value, indent + 2);
            continue;
        }
        text = value_text(o, key);
        printf("%*s%-*s %s\n", indent, "", 14 - indent, key, strempty(text));
    }
}

void print_show(const struct ctl *c) {
    json_object *patches = json_object_object_get(c->value, "patches");

    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        if (i > 0)
            printf("\n");
        print_fields(json_object_array_get_idx(patches, i), 0);
    }
}

static json_object *steps_value(const struct action *a) {
    json_object *steps = json_object_new_array();

    for (size_t i = 0; i < a->n_steps; i++) {
        json_object *step = json_object_new_object();

        json_add_string(step, "question", a->steps[i].question);
        json_add_bool(step, "passed", a->steps[i].passed);
        json_add_string(step, "fact", a->steps[i].fact);
        json_object_array_add(steps, step);
    }
    return steps;
}

static void add_trust(json_object *o, const struct snapshot *s, size_t i) {
    const struct trust_report *t = i == SIZE_MAX ? NULL : s->patch_infos[i].trust;
    json_object *steps;

    json_object_object_add(o, "trust", NULL);
    if (!t)
        return;
    steps = json_object_new_array();
    signature_add_steps(steps, t);
    json_object_object_add(o, "trust", steps);
}

int ctl_why(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(look_done) struct look l = {};
    _cleanup_free_ char *name = NULL;
    const struct action *a;
    int r;

    r = ctl_spell(c, argv[0], &name);
    if (r >= 0)
        r = look_closely(c, name, &l, e);
    if (r < 0)
        return r;
    a = plan_find(&l.plan, name);
    if (!a && livepatch_list_find(&l.snapshot.loaded, argv[0]))
        return error_hint(e, error_set(e, -ENOENT, EXIT_STATUS_NO_PATCH,
                                       "%s is loaded, but has no manifest: there is nothing to "
                                       "explain",
                                       argv[0]),
                          "see what the kernel says about it: lpctl show %s", argv[0]);
    if (!a)
        return ctl_no_patch(c, argv[0], e);
    c->value = value_new();
    json_add_string(c->value, "name", a->name);
    json_add_string(c->value, "action", action_type_to_string(a->type));
    json_add_string(c->value, "reason", action_fact(a));
    json_add_string(c->value, "hint", a->hint);
    json_add_number(c->value, "exitStatus", a->exit_status);
    json_object_object_add(c->value, "steps", steps_value(a));
    json_object_object_add(c->value, "patch", status_build_patch(&l.snapshot, &l.plan, a->name));
    add_trust(c->value, &l.snapshot, a->index);
    return 0;
}

static int widest(json_object *array, const char *key) {
    int width = 0;

    for (size_t i = 0; i < json_object_array_length(array); i++)
        width = MAX(width, (int) strlen(value_get(json_object_array_get_idx(array, i), key)));
    return width;
}

/* A reason that was given already is not repeated. */
static void print_now(json_object *patch, const char *given) {
    const char *reason = value_get(patch, "reason");
    const char *early = value_get(patch, "earlyReason"), *late = value_get(patch, "lateReason");

    if (streq(strempty(reason), strempty(given)))
        reason = NULL;
    printf("   now %s%s%s\n", value_get(patch, "state"), reason ? ": " : "", strempty(reason));
    if (early)
        printf("   not loaded in the initramfs: %s\n", early);
    if (late)
        printf("   late: %s\n", late);
}

void print_why(const struct ctl *c) {
    json_object *steps = json_object_object_get(c->value, "steps");
    json_object *trust = json_object_object_get(c->value, "trust");
    const char *hint = value_get(c->value, "hint");
    json_object *patch = json_object_object_get(c->value, "patch");
    int width = MAX(widest(steps, "question"), 10);
    _cleanup_free_ char *line = NULL;

    for (size_t i = 0; i < json_object_array_length(steps); i++) {
        json_object *step = json_object_array_get_idx(steps, i);

        printf("%-4s %-*s %s\n", is_true(step, "passed") ? "ok" : "no", width,
               value_get(step, "question"), value_get(step, "fact"));
        if (trust && streq(value_get(step, "question"), "signature"))
            print_steps(trust, 5);
    }
    if (asprintf(&line, "=> %s: %s", value_get(c->value, "action"), value_get(c->value, "reason")) >= 0)
        text_print_wrapped(stdout, line, terminal_columns(), STRLEN("=> "));
    if (hint)
        printf("   %s\n", hint);
    if (patch)
        print_now(patch, value_get(c->value, "reason"));
}

static json_object *task_value(const struct blocking_task *t) {
    json_object *o = json_object_new_object();
    const char state[] = { t->state, '\0' };

    json_add_number(o, "pid", t->pid);
    json_add_number(o, "tid", t->tid);
    json_add_string(o, "comm", t->comm);
    json_add_string(o, "cmdline", t->cmdline);
    json_add_string(o, "state", state);
    json_object_object_add(o, "cpu", t->cpu < 0 ? NULL : json_object_new_int(t->cpu));
    json_object_object_add(o, "isolated", json_object_new_boolean(t->isolated));
    json_add_list(o, "stack", t->stack);
    return o;
}

int ctl_blocking(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(blocking_tasks_done) struct blocking_tasks b = {};
    json_object *tasks;
    bool other;
    int r;

    r = argv[0] ? ctl_check_name(argv[0], e) : 0;
    if (r >= 0 && argv[0] && ctl_is_unknown(c, argv[0]))
        return ctl_no_patch(c, argv[0], e);
    if (r >= 0)
        r = blocking_tasks_read(&c->host, &b, e);
    if (r < 0)
        return r;
    c->value = value_new();
    tasks = json_object_new_array();
    json_object_object_add(c->value, "tasks", tasks);
    c->name = argv[0];
    /* Only one transition runs at a time; that of another patch does not block this one. */
    other = argv[0] && b.patch && !patch_name_equal(b.patch, argv[0]);
    json_add_string(c->value, "transition", other ? NULL : b.patch);
    json_add_number(c->value, "count", other ? 0 : (int64_t) b.n_all);
    for (size_t i = 0; i < b.n_tasks && !other; i++)
        json_object_array_add(tasks, task_value(b.tasks + i));
    return 0;
}

void print_blocking(const struct ctl *c) {
    json_object *tasks = json_object_object_get(c->value, "tasks");
    const char *patch = value_get(c->value, "transition");
    int64_t count;

    if (!patch) {
        if (c->legend)
            printf("No transition%s%s runs.\n", c->name ? " of " : "", strempty(c->name));
        return;
    }
    count = json_object_get_int64(json_object_object_get(c->value, "count"));
    printf("%s: %lld %s its transition\n", patch, (long long) count,
           count == 1 ? "task blocks" : "tasks block");
    for (size_t i = 0; i < json_object_array_length(tasks); i++) {
        json_object *t = json_object_array_get_idx(tasks, i);
        json_object *stack = json_object_object_get(t, "stack");
        const char *cmdline = value_get(t, "cmdline");

        printf("\n%d %s (%s) %s\n", json_object_get_int(json_object_object_get(t, "tid")),
               value_get(t, "comm"), value_get(t, "state"), strempty(cmdline));
        if (json_object_get_boolean(json_object_object_get(t, "isolated")))
            printf("    on the isolated CPU %d\n", json_object_get_int(json_object_object_get(t, "cpu")));
        for (size_t k = 0; k < json_object_array_length(stack); k++)
            printf("    %s\n", json_object_get_string(json_object_array_get_idx(stack, k)));
    }
}
