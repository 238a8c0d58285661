/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "config/policy.h"
#include "ctl/change.h"
#include "guard/early.h"
#include "guard/verdict.h"
#include "livepatch/view.h"
#include "report/table.h"

/* The verbs of the guard: what is known of builds, and an administrator's word about them. */

#define BUILD_DIGITS 12 /* of a digest, as people read it */

struct view {
    struct ledger_list ledger;
    struct result_list results;
    struct policy policy;
    char *boot_id; /* NULL: no kernel runs here */
    char *release; /* likewise */
};

static void view_done(struct view *v) {
    ledger_list_done(&v->ledger);
    result_list_done(&v->results);
    policy_done(&v->policy);
    free(v->boot_id);
    free(v->release);
}

static int view_read(struct ctl *c, struct view *v, struct error *e) {
    int r;

    r = ledger_list_read(&c->host, &v->ledger);
    if (r < 0)
        return error_set(e, r, r == -EACCES ? EXIT_STATUS_PRIVILEGE : EXIT_STATUS_FAILED,
                         LEDGER_DIRECTORY ": cannot be read: %s", strerror(-r));
    r = result_list_read(&c->host, &v->results);
    /* Without a valid policy the default of MaxAttempts= holds. */
    if (r >= 0 && policy_load(&c->host, &v->policy, NULL) == -ENOMEM)
        r = -ENOMEM;
    if (r < 0)
        return r;
    (void) file_read_line(&c->host, "/proc/sys/kernel/random/boot_id", &v->boot_id);
    (void) c->host.ops->release(&c->host, &v->release);
    return 0;
}

/* Whether lpd has loaded this build in this boot, and has not unloaded it. */
static bool is_loaded(const struct view *v, const struct ledger_build *b) {
    for (size_t i = 0; i < v->results.n_results && v->release && streq(v->release, b->kernel); i++)
        if (v->results.results[i].loaded && streq(strempty(v->results.results[i].sha256), b->sha256))
            return true;
    return false;
}

static struct guard_moment moment_of(const struct view *v) {
    return (struct guard_moment){ v->boot_id, "system", v->policy.guard_max_attempts };
}

/* A verdict that has not been written yet counts. */
static bool is_quarantined(const struct view *v, const struct ledger_build *b) {
    struct guard_moment now = moment_of(v);

    return guard_judge(b, &now) == GUARD_QUARANTINED;
}

static json_object *attempts_value(const struct view *v, const struct ledger_build *b) {
    json_object *attempts = json_object_new_array();

    for (size_t i = 0; i < b->n_attempts; i++) {
        const struct ledger_attempt *a = &b->attempts[i];
        json_object *o = json_object_new_object();

        json_add_string(o, "bootId", a->boot_id);
        json_add_bool(o, "thisBoot", v->boot_id && streq(v->boot_id, a->boot_id));
        json_add_string(o, "stage", a->stage);
        json_add_time(o, "time", a->usec);
        json_object_array_add(attempts, o);
    }
    return attempts;
}

static int add_lines(json_object *o, const char *excerpt) {
    _cleanup_strv_free_ char **lines = NULL;
    int r;

    r = excerpt ? strv_extend_split(&lines, excerpt, "\n") : 0;
    json_add_list(o, "excerpt", lines);
    return r;
}

static int add_build(const struct view *v, const struct ledger_build *b, json_object *builds) {
    enum ledger_state state = is_quarantined(v, b) ? LEDGER_QUARANTINED : b->state;
    struct guard_moment now = moment_of(v);
    _cleanup_free_ char *reason = state == LEDGER_QUARANTINED ? guard_reason(b, &now) : NULL;
    json_object *o = json_object_new_object();

    json_object_array_add(builds, o);
    json_add_string(o, "name", b->name);
    json_add_string(o, "state", ledger_state_name(state));
    json_add_string(o, "kernel", b->kernel);
    json_add_string(o, "sha256", b->sha256);
    json_add_string(o, "module", b->module_name);
    json_add_string(o, "buildId", b->build_id);
    json_add_bool(o, "loaded", is_loaded(v, b));
    json_add_string(o, "confirmedStage", b->stage);
    json_add_string(o, "reason", reason);
    json_add_time(o, "since", b->since_usec);
    json_object_object_add(o, "attempts", attempts_value(v, b));
    return add_lines(o, b->excerpt);
}

/* All of them if no name is given. A pattern may match nothing. */
static bool is_meant(const struct ledger_build *b, char **names, const char *kernel) {
    if (kernel && !streq(kernel, b->kernel))
        return false;
    STRV_FOREACH(name, names)
        if (patch_pattern_is_glob(*name) ? patch_pattern_matches(*name, b->name)
                                         : patch_name_equal(*name, b->name))
            return true;
    return !*names;
}

static bool has_name(const struct ledger_list *l, const char *name) {
    for (size_t i = 0; i < l->n_builds; i++)
        if (patch_name_equal(l->builds[i].name, name))
            return true;
    return false;
}

static int check_names(struct ctl *c, const struct ledger_list *l, char **names, struct error *e) {
    STRV_FOREACH(name, names) {
        int r = patch_pattern_is_glob(*name) ? 0 : ctl_check_name(*name, e);

        if (r < 0)
            return r;
        if (!patch_pattern_is_glob(*name) && !has_name(l, *name) && ctl_is_unknown(c, *name))
            return ctl_no_patch(c, *name, e);
    }
    return 0;
}

int ctl_ledger(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(view_done) struct view v = {};
    json_object *builds;
    int r;

    r = c->kernel ? ctl_check_release(c->kernel, e) : 0;
    if (r >= 0)
        r = view_read(c, &v, e);
    if (r >= 0)
        r = check_names(c, &v.ledger, argv, e);
    if (r < 0)
        return r;
    c->value = value_new();
    builds = json_object_new_array();
    json_object_object_add(c->value, "builds", builds);
    json_add_number(c->value, "invalid", (int64_t) v.ledger.n_invalid);
    for (size_t i = 0; i < v.ledger.n_builds && r >= 0; i++)
        if (is_meant(&v.ledger.builds[i], argv, c->kernel))
            r = add_build(&v, &v.ledger.builds[i], builds);
    /* Names ask for everything that is known, see print_ledger(). */
    c->wide |= *argv != NULL;
    return r;
}

static void print_attempt(json_object *attempt) {
    _cleanup_free_ char *time = value_text(attempt, "time");
    bool early = streq(value_get(attempt, "stage"), "initrd");

    printf("  attempt   %s, %s, boot %s%s\n", strempty(time), early ? "in the initramfs" : "on the host",
           value_get(attempt, "bootId"),
           json_object_get_boolean(json_object_object_get(attempt, "thisBoot")) ? " (this one)" : "");
}

static void print_build(json_object *o) {
    json_object *attempts = json_object_object_get(o, "attempts"), *lines = json_object_object_get(o, "excerpt");
    const char *stage = value_get(o, "confirmedStage"), *reason = value_get(o, "reason");
    const char *module = value_get(o, "module"), *build_id = value_get(o, "buildId");
    _cleanup_free_ char *since = value_text(o, "since");

    printf("%s: %s%s since %s\n", value_get(o, "name"), value_get(o, "state"),
           stage && streq(stage, "initrd") ? " (also in the initramfs)" : "", strempty(since));
    if (reason)
        printf("  reason    %s\n", reason);
    printf("  kernel    %s\n  build     %s%s\n", value_get(o, "kernel"), value_get(o, "sha256"),
           json_object_get_boolean(json_object_object_get(o, "loaded")) ? " (loaded now)" : "");
    if (module)
        printf("  module    %s%s%s\n", module, build_id ? ", build id " : "", strempty(build_id));
    for (size_t i = 0; i < json_object_array_length(attempts); i++)
        print_attempt(json_object_array_get_idx(attempts, i));
    for (size_t i = 0; i < json_object_array_length(lines); i++)
        printf("  %s%s\n", i == 0 ? "log       " : "          ",
               json_object_get_string(json_object_array_get_idx(lines, i)));
}

/* The same builds for the table, which has room for neither a whole digest nor the attempts. */
static json_object *rows_value(json_object *builds) {
    json_object *rows = json_object_new_array();

    for (size_t i = 0; i < json_object_array_length(builds); i++) {
        json_object *o = json_object_array_get_idx(builds, i), *row = json_object_new_object();
        char digits[BUILD_DIGITS + 1];

        (void) snprintf(digits, sizeof(digits), "%s", value_get(o, "sha256"));
        json_add_string(row, "name", value_get(o, "name"));
        json_add_string(row, "state", value_get(o, "state"));
        json_add_string(row, "kernel", value_get(o, "kernel"));
        json_add_string(row, "build", digits);
        json_add_number(row, "attempts",
                        (int64_t) json_object_array_length(json_object_object_get(o, "attempts")));
        json_object_object_add(row, "since", json_object_get(json_object_object_get(o, "since")));
        json_add_string(row, "reason", value_get(o, "reason"));
        json_object_array_add(rows, row);
    }
    return rows;
}

static void print_table(const struct ctl *c, json_object *builds) {
    static const struct table_column columns[] = {
        { "NAME", "name" },
        { "STATE", "state" },
        { "KERNEL", "kernel" },
        { "BUILD", "build", COLUMN_ROOM },
        { "ATTEMPTS", "attempts" },
        { "SINCE", "since", COLUMN_ROOM },
        { "REASON", "reason", COLUMN_BELOW },
    };
    _cleanup_json_ json_object *rows = rows_value(builds);

    (void) table_print(rows, columns, ELEMENTSOF(columns), c->legend, /* wide= */ false);
}

void print_ledger(const struct ctl *c) {
    json_object *builds = json_object_object_get(c->value, "builds");
    int64_t invalid = json_object_get_int64(json_object_object_get(c->value, "invalid"));
    size_t n = json_object_array_length(builds);

    if (n == 0 && c->legend)
        printf("No builds.\n");
    else if (n > 0 && !c->wide)
        print_table(c, builds);
    for (size_t i = 0; i < n && c->wide; i++) {
        if (i > 0)
            printf("\n");
        print_build(json_object_array_get_idx(builds, i));
    }
    if (invalid > 0)
        printf("%lld invalid file%s in " LEDGER_DIRECTORY "; a build whose file is invalid is not loaded at boot\n",
               (long long) invalid, invalid == 1 ? "" : "s");
}

/* What clear has done for the builds of one name. */
struct cleared {
    size_t quarantines, attempts;
};

static int clear_build(struct ctl *c, const struct view *v, const struct ledger_build *b, struct cleared *done) {
    size_t crashes = guard_crashes(b, v->boot_id);
    bool quarantined = is_quarantined(v, b);
    int r;

    if (!quarantined && crashes == 0)
        return 0;
    r = c->dry_run ? 1 : ledger_clear(&c->host, b->kernel, b->sha256, v->boot_id);
    if (r <= 0)
        return r;
    done->quarantines += quarantined;
    done->attempts += crashes;
    return 1;
}

static void tell_cleared(struct ctl *c, const char *name, const struct cleared *done, const char *kernel) {
    if (done->quarantines > 0)
        changes_add(c, name, true, "no longer quarantined; it is on trial again, and is loaded at the next boot%s%s",
                    c->host.live && !c->kernel ? ", or now: lpctl load " : "",
                    c->host.live && !c->kernel ? name : "");
    else if (done->attempts > 0)
        changes_add(c, name, true, "%zu earlier attempt%s no longer count%s", done->attempts,
                    done->attempts == 1 ? "" : "s", done->attempts == 1 ? "s" : "");
    else
        changes_add(c, name, false, "neither quarantined nor with an earlier attempt%s%s, nothing to do",
                    kernel ? " on " : "", strempty(kernel));
}

static int clear_one(struct ctl *c, struct manager *m _unused_, const char *name, struct error *e) {
    _cleanup_(view_done) struct view v = {};
    struct cleared done = {};
    const char *kernel;
    int r;

    r = view_read(c, &v, e);
    if (r < 0)
        return r;
    if (!has_name(&v.ledger, name) && ctl_is_unknown(c, name))
        return ctl_no_patch(c, name, e);
    kernel = c->kernel ?: v.release;
    for (size_t i = 0; i < v.ledger.n_builds && r >= 0; i++) {
        const struct ledger_build *b = &v.ledger.builds[i];

        if (patch_name_equal(b->name, name) && (!kernel || streq(kernel, b->kernel)))
            r = clear_build(c, &v, b, &done);
    }
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "%s: the ledger cannot be written: %s", name, strerror(-r));
    tell_cleared(c, name, &done, kernel);
    return done.quarantines + done.attempts > 0;
}

/* The initramfs has a ledger of its own, which may still keep a build out. */
static void tell_initramfs(struct ctl *c) {
    bool changed = json_object_get_boolean(json_object_object_get(c->value, "changed"));
    int r = changed && c->host.live ? ledger_early_sync(&c->host) : 0;

    if (r < 0)
        changes_note(c, "the initramfs does not know this yet, because its ledger cannot be changed: %s", strerror(-r));
}

static int change_ledger(struct ctl *c, char **argv, change_one *one, struct error *e) {
    int r = changes_each_patch(c, argv, one, e);

    tell_initramfs(c);
    return r;
}

int ctl_clear(struct ctl *c, char **argv, struct error *e) {
    int r;

    r = c->kernel ? ctl_check_release(c->kernel, e) : 0;
    if (r >= 0)
        return change_ledger(c, argv, clear_one, e);
    changes_begin(c);
    return r;
}

/* The build that lpd has loaded, which must be what the kernel runs, and completely. */
static int check_loaded(struct ctl *c, const char *name, const struct result *result, struct error *e) {
    _cleanup_(livepatch_done) struct livepatch in = {};
    int r;

    r = result->loaded && result->sha256 ? livepatch_read(&c->host, result->module_name ?: result->name, &in)
                                         : -ENOENT;
    if (r < 0 && r != -ENOENT)
        return r;
    if (r < 0 || !in.registered || !in.enabled)
        return error_hint(e, error_set(e, -ENODATA, EXIT_STATUS_FAILED,
                                       "%s: not loaded by lpd in this boot, so there is nothing to confirm", name),
                          "load it first: lpctl load %s", name);
    if (in.transition)
        return error_hint(e, error_set(e, -EBUSY, EXIT_STATUS_TIMEOUT, "%s: its transition has not finished", name),
                          "see what blocks it: lpctl blocking %s", name);
    if (in.build_id && result->build_id && !streq(in.build_id, result->build_id))
        return error_set(e, -ESTALE, EXIT_STATUS_FAILED,
                         "%s: another program has loaded another build of it, which lpd does not know", name);
    return 0;
}

static int bless_one(struct ctl *c, struct manager *m _unused_, const char *name, struct error *e) {
    _cleanup_(result_done) struct result result = {};
    _cleanup_free_ char *release = NULL;
    const char *stage;
    int r;

    r = result_find(&c->host, name, &result);
    if (r == -ENOENT && ctl_is_unknown(c, name))
        return ctl_no_patch(c, name, e);
    if (r < 0 && r != -ENOENT)
        return error_set(e, r, EXIT_STATUS_FAILED, "%s: " RESULTS_DIRECTORY ": %s", name, strerror(-r));
    r = check_loaded(c, name, &result, e);
    if (r >= 0)
        r = c->host.ops->release(&c->host, &release);
    if (r < 0)
        return r;
    stage = c->stage ?: result.stage;
    if (!c->dry_run)
        r = ledger_confirm(&c->host,
                           &(struct ledger_build){ .kernel = release, .sha256 = result.sha256, .name = result.name,
                                                   .module_name = result.module_name,
                                                   .build_id = result.build_id },
                           stage, /* by_hand= */ true);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "%s: the ledger cannot be written: %s", name, strerror(-r));
    changes_add(c, name, r > 0 || c->dry_run, "%sconfirmed%s", r > 0 || c->dry_run ? "" : "already ",
                streq(stage, "initrd") ? ", also for the initramfs" : "");
    return 1;
}

int ctl_bless(struct ctl *c, char **argv, struct error *e) {
    return change_ledger(c, argv, bless_one, e);
}
