/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/realtime.h"
#include "base/strv.h"
#include "config/name.h"
#include "initramfs/tool.h"
#include "livepatch/load.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"
#include "load/attempt.h"
#include "load/execute.h"
#include "load/gate-record.h"
#include "load/hold.h"
#include "load/probe.h"
#include "module/file.h"
#include "state/conflicts.h"
#include "state/image.h"
#include "store/store.h"
#include "store/volume.h"
#include "trust/manifest.h"

/* How long a transition may delay the next patch in the initramfs, where the whole boot waits; it
 * usually takes the kernel 1 to 2 seconds. What takes longer is loaded on the host. */
#define INITRD_BUSY_USEC (10 * USEC_PER_SEC)

/* The same on the host, where livepatch.target waits, even if a patch allows its own transition
 * more time. Afterwards lpd.service loads the patch as soon as no transition runs. */
#define BUSY_USEC (60 * USEC_PER_SEC)

static bool is_in(const struct host *h, const char *module_name) {
    return livepatch_flag_read(h, module_name, "enabled") > 0;
}

/* Whether the cause describes the patch as long as it is loaded, whatever else is requested. */
static bool is_lasting(const char *cause) {
    return streq(strempty(cause), CAUSE_STALLED) || streq(strempty(cause), CAUSE_FORCED);
}

/* Copies the record of a patch that is still loaded. It stays valid until something else
 * succeeds. */
static int inherit(const struct host *h, const struct result *before, struct result *r) {
    int k;

    if (!before || !before->loaded || !is_in(h, before->module_name ?: before->name))
        return 0;
    r->loaded = true;
    r->complete = before->complete;
    r->since_usec = before->since_usec;
    r->monotonic_usec = before->monotonic_usec;
    r->transition_usec = before->transition_usec;
    k = string_set(&r->stage, before->stage);
    if (k >= 0)
        k = string_set(&r->module_path, before->module_path);
    if (k >= 0)
        k = string_set(&r->module_name, before->module_name);
    if (k >= 0)
        k = string_set(&r->build_id, before->build_id);
    if (k >= 0)
        k = string_set(&r->sha256, before->sha256);
    if (k >= 0)
        k = string_set(&r->manifest_sha256, before->manifest_sha256);
    if (k >= 0)
        k = string_set(&r->unguarded, before->unguarded);
    if (k >= 0)
        k = result_copy_signature(before, r);
    STRV_FOREACH(name, before->replaces)
        if (k >= 0)
            k = strv_extend(&r->replaces, *name);
    return k >= 0 && is_lasting(before->cause) ? string_set(&r->cause, before->cause) : k;
}

/* Keeps the reason why the patch was not loaded as early as configured. It stays true until the
 * next boot, even if the patch is loaded later. */
static int remember_early(const struct host *h, const struct result *before, struct result *r) {
    bool loaded;

    if (!before)
        return 0;
    /* The record of an interrupted load still says "loading". */
    loaded = before->loaded && (!streq(strempty(before->state), "loading") ||
                                is_in(h, before->module_name ?: before->name));
    if (!loaded && before->reason && streq(strempty(before->stage), "initrd"))
        return string_set(&r->early_reason, before->reason);
    if (!before->late_reason && before->exit_status == EXIT_STATUS_TIMEOUT && streq(strempty(before->state), "skipped") &&
        string_set(&r->late_reason, before->reason) < 0)
        return -ENOMEM;
    if (before->late_reason && string_set(&r->late_reason, before->late_reason) < 0)
        return -ENOMEM;
    return string_set(&r->early_reason, before->early_reason);
}

static const char *stage_of(const struct snapshot *s) {
    return s->in_initrd ? "initrd" : "system";
}

static int begin(struct host *h, const char *name, const char *action, const struct result *before,
                 struct result *r) {
    int k;

    r->since_usec = realtime_usec();
    r->monotonic_usec = h->ops->now(h);
    k = string_set(&r->name, name);
    if (k >= 0)
        k = remember_early(h, before, r);
    if (k >= 0)
        k = string_set(&r->action, action);
    if (k >= 0)
        k = string_set(&r->stage, "system");
    return k < 0 ? k : inherit(h, before, r);
}

/* Puts the failure into the result, and writes the result for lpctl and the next program. */
static int conclude(struct host *h, struct result *result, int r, const struct error *e,
                    const char *state) {
    int k;

    if (r == -ENOMEM)
        return r;
    result->loaded = result->loaded && is_in(h, result->module_name ?: result->name);
    result->exit_status = r < 0 ? e->exit_status : EXIT_STATUS_DONE;
    k = string_set(&result->state, state);
    if (k >= 0 && r < 0)
        k = string_set(&result->reason, error_message(e, r));
    if (k >= 0 && r < 0)
        k = string_set(&result->hint, e->hint);
    if (k < 0)
        return k;
    /* If /run has become full, a load that the kernel has accepted stays recorded as unfinished,
     * and the steps that follow a load wait until it can be recorded. The record of an unloaded
     * patch is removed, because no record is better than a wrong one. */
    if (result_write(h, result) < 0 && !result->loaded)
        (void) result_remove(h, result->name);
    return r;
}

static int describe_unrecorded(const char *what, int r, struct error *e) {
    if (r >= 0 || r == -ENOMEM)
        return r;
    error_set(e, r, EXIT_STATUS_FAILED, "%s: it is not loaded, because that cannot be recorded in "
              RESULTS_DIRECTORY ": %s", what, strerror(-r));
    return error_hint(e, r, "make /run writable, with free space in it (df /run), and load it "
                            "again");
}

/* In the initramfs the program may be stopped at any time from now on. The record then tells the
 * host the reason. */
static int record_attempt(struct host *h, struct result *result, const char *state) {
    bool early = streq(strempty(result->stage), "initrd");
    int r;

    r = string_set(&result->state, state);
    if (r >= 0 && early)
        r = string_set(&result->reason, "the initramfs ran out of time while it loaded the patch");
    if (r >= 0)
        r = result_write(h, result);
    (void) string_set(&result->reason, NULL);
    return r;
}

/* A load that cannot be recorded must not happen: nothing would run its probe, make the lock wait
 * for it, or attribute the patch. */
static int record_loading(struct host *h, const struct module_file *f, struct result *result,
                          struct error *e) {
    int r;

    result->loaded = true;
    r = record_attempt(h, result, "loading");
    result->loaded = false;
    return describe_unrecorded(f->path, r, e);
}

static int record_conflicts(struct host *h, const struct manifest *m, struct error *e) {
    return describe_unrecorded(m->name, conflicts_write(h, m->name, m->conflicts), e);
}

static const char *failed_state(int r, const struct error *e) {
    return result_failed_state(r, e->exit_status);
}

static int describe_module(const struct module_file *f, struct result *result) {
    int r;

    r = string_set(&result->module_path, f->path);
    if (r >= 0)
        r = string_set(&result->module_name, f->info.name);
    if (r >= 0)
        r = string_set(&result->build_id, f->info.build_id);
    if (r >= 0 && f->sha256[0])
        r = string_set(&result->sha256, f->sha256);
    return r;
}

/* The same build was loaded already, perhaps from another place. Its bytes may still differ, for
 * instance in the signature, so the record of the loaded bytes is kept. Of a patch that lpd did not
 * load, only the build id is known. */
static int remember_loaded(const struct module_file *f, struct result *result) {
    bool known = result->loaded;
    int r;

    result->loaded = true;
    r = string_set(&result->module_path, f->path);
    if (r >= 0)
        r = string_set(&result->module_name, f->info.name);
    if (r >= 0)
        r = string_set(&result->build_id, f->info.build_id);
    return r < 0 || known ? r : string_set(&result->sha256, NULL);
}

/* Does not wait again for a transition that has already exceeded its own time limit: each later
 * patch would add to the delay, minutes in total. last: the result of the load before this one. */
static uint64_t busy_timeout(struct host *h, const struct result *last, uint64_t own) {
    _cleanup_(result_done) struct result found = {};
    _cleanup_free_ char *running = NULL;
    uint64_t now = h->ops->now(h), elapsed;
    const struct result *r = last;

    if (transition_find_likely(h, last->module_name, &running) <= 0 || !is_in(h, running))
        return own;
    if (!streq(running, strempty(last->module_name))) {
        if (result_find_module(h, running, &found) < 0)
            return own;
        r = &found;
    }
    /* The record only has the start time of a patch that is being enabled. */
    if (!r->loaded || r->complete)
        return own;
    elapsed = now > r->monotonic_usec ? now - r->monotonic_usec : 0;
    return own > elapsed ? own - elapsed : 0;
}

static int remember_others(const struct host *h, struct result *result) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_list(h, LIVEPATCH_DIRECTORY, &names);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    STRV_FOREACH(name, names)
        if (r >= 0 && !patch_name_equal(*name, result->module_name))
            r = strv_extend(&result->replaces, *name);
    return r;
}

/* A network file system has an errno for its own waits that is that of HoldSec= here. */
static int own_errno(int r) {
    return r == -ETIMEDOUT ? -EIO : r;
}

/* Waits within HoldSec= if the load holds up the boot, and for the whole time if it does not. */
static int load_within_hold(struct host *h, const struct snapshot *s, const struct module_file *f,
                            struct load_options *options, enum load_result *ret, struct error *e) {
    uint64_t wanted = options->busy_timeout_usec, held = MIN(wanted, options->hold_usec);
    int r, k;

    options->busy_timeout_usec = held;
    r = own_errno(livepatch_load(h, f, options, ret, e));
    if (r != -ETIME || held == wanted)
        return r;
    k = hold_expired(h, &s->policy, e);
    if (k < 0)
        return k;
    options->busy_timeout_usec = wanted - held;
    return own_errno(livepatch_load(h, f, options, ret, e));
}

/* The gate for the bytes that are about to be loaded, as gate_check_module(). */
static int pass_gate(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                     struct result *result, struct error *e) {
    const struct attempt attempt = { .snapshot = s, .file = f, .result = result };
    int r = gate_check_module(h, s, i, f, result, e);

    if (r == -EOWNERDEAD)
        attempt_quarantine(h, &attempt);
    return r;
}

/* gate: what gate_check_module() returned. */
static int load_file(struct host *h, const struct snapshot *s, struct module_file *f, int gate,
                     struct load_options *options, struct result *result, struct error *e) {
    struct attempt attempt = { .snapshot = s, .file = f, .result = result };
    enum load_result loaded = LOAD_ALREADY;
    int r;

    r = gate_enforce(h, s, e);
    if (r >= 0 && !result->loaded) {
        r = describe_module(f, result);
        if (r >= 0)
            r = remember_others(h, result);
        if (r >= 0)
            r = record_loading(h, f, result, e);
    }
    if (r < 0)
        return r;
    options->before = attempt_begin;
    options->userdata = &attempt;
    r = load_within_hold(h, s, f, options, &loaded, e);
    attempt_end(h, &attempt, r);
    if (gate == GATE_AT_LOAD)
        r = gate_close(h, s, f, r, loaded == LOAD_DONE, result, e);
    if (r < 0)
        return r;
    if (loaded == LOAD_ALREADY) {
        attempt_catch_up(h, &attempt);
        return remember_loaded(f, result);
    }
    r = describe_module(f, result);
    if (r < 0)
        return r;
    result->loaded = true;
    result->complete = false;
    result->transition_usec = 0;
    (void) result_write_last(h, result->name);
    r = string_set(&result->stage, stage_of(s));
    return r < 0 ? r : 1;
}

/* Where manifests must be signed, later steps such as the probe accept only the manifest that was
 * verified for the load. */
static int remember_manifest(const struct policy *p, const struct manifest *m,
                             struct result *result) {
    free(result->manifest_sha256);
    result->manifest_sha256 = p->signed_manifests ? manifest_digest(m) : NULL;
    return p->signed_manifests && !result->manifest_sha256 ? -ENOMEM : 0;
}

static bool was_in_image(const struct host *h, const char *name) {
    _cleanup_(image_record_done) struct image_record record = {};

    if (image_record_read(h, &record) < 0)
        return false;
    for (size_t i = 0; i < record.n_patches; i++)
        if (patch_name_equal(record.patches[i].name, name))
            return true;
    return false;
}

/* Explains that the image or the volume has an older build than this module. */
static int explain_stale(const struct host *h, const struct snapshot *s, const struct manifest *m,
                         const struct result *result, int r, struct error *e) {
    _cleanup_free_ char *command = NULL;

    if (r != -EEXIST || s->in_initrd || !result->loaded || !streq(strempty(result->stage), "initrd"))
        return r;
    if (volume_holds(&s->policy, m) && !was_in_image(h, m->name)) {
        r = error_set(e, -EEXIST, EXIT_STATUS_FAILED, "the volume %s contains an outdated %s, "
                                                      "which is loaded",
                      s->policy.store_device, result->name);
        return error_hint(e, r, "run lpctl enable %s and reboot", m->name);
    }
    r = initramfs_rebuild_command(h, s->facts.release, &command);
    if (r < 0)
        return r;
    r = error_set(e, -EEXIST, EXIT_STATUS_FAILED,
                  "the initramfs for %s contains an outdated %s, which is loaded", s->facts.release,
                  result->name);
    return error_hint(e, r, "run %s and reboot", command ?: "the tool that builds it");
}

/* The plan compares module names only if it has read the modules. Here the name is always known. */
static int check_namesake(const struct host *h, const struct manifest *m, const struct module_file *f,
                          struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    _cleanup_(result_done) struct result other = {};

    if (!f->info.name || !livepatch_is_registered(h, f->info.name) ||
        result_find_module(h, f->info.name, &other) < 0 || !other.loaded ||
        patch_name_equal(other.name, m->name) || manifest_list_load_one(h, other.name, &l, NULL) < 0)
        return 0;
    return error_hint(e, error_set(e, -EEXIST, EXIT_STATUS_FAILED,
                                   "its module has the same name %s as that of %s, which is "
                                   "loaded", f->info.name,
                                   other.name),
                      "remove one of the two: lpctl remove %s", m->name);
}

static int open_and_pass(struct host *h, const struct snapshot *s, size_t i, const char *path,
                         struct module_file *f, struct result *result, struct error *e) {
    int r;

    r = own_errno(module_file_open(h, path, f, e));
    if (r >= 0)
        r = check_namesake(h, &s->manifests.entries[i].manifest, f, e);
    return r < 0 ? r : pass_gate(h, s, i, f, result, e);
}

/* The installed build is quarantined: the last confirmed one takes its place, if there is one that
 * passes the gate. Otherwise it stays with that refusal. */
static int fall_back(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                     struct result *result, int refusal, struct error *e) {
    _cleanup_(module_file_close) struct module_file kept = MODULE_FILE_NULL;
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    r = store_find_confirmed(h, s->patch_infos[i].module_path, &path);
    if (r >= 0)
        r = open_and_pass(h, s, i, path, &kept, result, &problem);
    if (r < 0)
        return r == -ENOMEM ? r : refusal;
    error_done(e);
    module_file_close(f);
    *f = kept;
    kept = MODULE_FILE_NULL;
    return r;
}

static int load_planned(struct host *h, const struct snapshot *s, const struct action *a, uint64_t hold_usec,
                        struct module_file *f, struct result *result, struct error *e) {
    const struct manifest *m = &s->manifests.entries[a->index].manifest;
    const struct patch_info *info = s->patch_infos + a->index;
    uint64_t own = s->in_initrd                       ? MIN(m->timeout_usec, INITRD_BUSY_USEC)
                   : m->timeout_usec == USEC_INFINITY ? BUSY_USEC
                                                      : m->timeout_usec;
    _cleanup_(result_done) struct result last = {};
    struct load_options options = {
        .parameters = m->parameters,
        .hold_usec = hold_usec,
        .must_be_signed = s->policy.signature == SIGNATURE_REQUIRED,
        .loaded_sha256 = result->loaded ? result->sha256 : NULL,
    };
    int r, gate = 0;

    if (result_read_last(h, &last) == -ENOMEM)
        return -ENOMEM;
    options.loaded_before = last.module_name;
    options.busy_timeout_usec = MIN(busy_timeout(h, &last, own), BUSY_USEC);
    if (!info->module_path)
        return error_set(e, -ENOENT, EXIT_STATUS_KERNEL,
                         "no module for %s in the module directories", s->facts.release);
    r = gate = open_and_pass(h, s, a->index, info->module_path, f, result, e);
    if (r == -EOWNERDEAD)
        r = gate = fall_back(h, s, a->index, f, result, r, e);
    if (r >= 0)
        r = remember_manifest(&s->policy, m, result);
    if (r >= 0)
        r = record_conflicts(h, m, e);
    if (r < 0)
        return r;
    options.must_be_signed |= gate == GATE_AT_LOAD;
    return load_file(h, s, f, gate, &options, result, e);
}

/* The plan assumes that required patches will be loaded first. At the load they must be loaded. */
static int check_requires(const struct snapshot *s, const struct plan *plan, const struct manifest *m,
                          struct error *e) {
    STRV_FOREACH(name, m->requires) {
        size_t i = snapshot_find(s, *name);

        if (i != SIZE_MAX && plan->by_manifest[i]->type == ACTION_KEEP)
            continue;
        return error_hint(e, error_set(e, -ECANCELED, EXIT_STATUS_FAILED,
                                       "it requires %s, which is not loaded", *name),
                          "load it first: lpctl load %s", *name);
    }
    return 0;
}

static int carry_out_load(struct host *h, const struct snapshot *s, const struct plan *plan,
                          const struct action *a, struct module_file *f, struct result *result,
                          struct error *e) {
    const struct manifest *m = &s->manifests.entries[a->index].manifest;
    uint64_t hold_usec;
    int loaded, r;

    if (a->type == ACTION_SKIP || a->type == ACTION_FAIL) {
        r = error_set(e, -ECANCELED, a->exit_status, "%s", action_fact(a));
        if (a->hint)
            (void) error_hint(e, r, "%s", a->hint);
        return conclude(h, result, r, e, a->type == ACTION_SKIP ? "skipped" : failed_state(a->error_number, e));
    }
    r = check_requires(s, plan, m, e);
    if (r >= 0)
        r = hold_left(h, s, m, &hold_usec, e);
    if (r >= 0)
        r = load_planned(h, s, a, hold_usec, f, result, e);
    if (r < 0)
        r = explain_stale(h, s, m, result, r, e);
    /* lpd.service tries again when the other transition has ended. */
    if ((r == -ETIME || r == -ETIMEDOUT) && string_set(&result->action, "wait") < 0)
        return -ENOMEM;
    if (r == -ETIME && string_set(&result->cause, CAUSE_WAITING) < 0)
        return -ENOMEM;
    if (r < 0) {
        r = conclude(h, result, r, e,
                     r == -EDQUOT || r == -ETIMEDOUT ? "skipped" : failed_state(r, e));
        if (r == -ETIMEDOUT)
            hold_end(h, error_message(e, r));
        return r;
    }
    loaded = r;
    r = conclude(h, result, loaded, e, "active");
    /* execute_load() does not wait in the initramfs. livepatch@.service finds the patch loaded
     * there, and waits. */
    if (r < 0 || m->wait_for != WAIT_FOR_PATCHED || s->in_initrd)
        return r;
    r = execute_finish(h, m, result, m->timeout_usec, e);
    if (r >= 0)
        execute_completed(h, result);
    return r == -ENOMEM ? r : conclude(h, result, r < 0 ? r : loaded, e, r < 0 ? "failed" : "active");
}

static int begin_load(struct host *h, const struct snapshot *s, const char *name, struct result *r) {
    int k;

    k = begin(h, name, "load", result_list_find(&s->results, name), r);
    return k >= 0 && !r->loaded ? string_set(&r->stage, stage_of(s)) : k;
}

int execute_load_seen(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                      struct result *ret, struct error *e) {
    _cleanup_(result_done) struct result result = {};
    _cleanup_(plan_done) struct plan plan = {};
    const struct action *a;
    int r;

    r = plan_make(s, &plan);
    if (r < 0)
        return r;
    a = plan.by_manifest[i];
    r = begin_load(h, s, a->name, &result);
    if (r < 0)
        return r;
    if (s->in_initrd && !result.loaded)
        (void) record_attempt(h, &result, "skipped");
    r = carry_out_load(h, s, &plan, a, f, &result, e);
    *ret = TAKE_STRUCT(result);
    return r;
}

int execute_leave(struct host *h, const struct snapshot *s, size_t i, const char *reason, struct result *ret,
                  struct error *e) {
    _cleanup_(result_done) struct result result = {};
    int r;

    r = begin_load(h, s, s->manifests.entries[i].name, &result);
    if (r < 0)
        return r;
    r = conclude(h, &result, error_set(e, -EDQUOT, EXIT_STATUS_FAILED, "%s", reason), e, "skipped");
    *ret = TAKE_STRUCT(result);
    return r;
}

int execute_load(struct host *h, const char *name, struct result *ret, struct error *e) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(snapshot_done) struct snapshot s = {};
    size_t i;
    int r;

    r = snapshot_take_one(h, name, &s, e);
    if (r < 0)
        return r;
    i = snapshot_find(&s, name);
    /* Enabled=no prevents only loading at boot, not an explicit request, like systemctl(1)
     * "disable". */
    s.manifests.entries[i].manifest.enabled = true;
    return execute_load_seen(h, &s, i, &f, ret, e);
}

int execute_load_file(struct host *h, const char *path, const char *parameters, uint64_t timeout_usec,
                      struct result *ret, struct error *e) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    struct load_options options = { .parameters = parameters, .busy_timeout_usec = timeout_usec,
                                    .hold_usec = USEC_INFINITY };
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(result_done) struct result result = {}, before = {};
    int r, gate = 0;

    r = snapshot_take(h, SNAPSHOT_NO_PATCHES, &s, e);
    /* lpd=0 prevents only automatic loading. In a crash kernel nothing is loaded at all: it runs to
     * save a dump. */
    if (r >= 0 && s.switches.crash_kernel)
        r = error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s", cmdline_off(&s.switches));
    if (r >= 0)
        r = module_file_open(h, path, &f, e);
    if (r < 0)
        return r;
    options.must_be_signed = s.policy.signature == SIGNATURE_REQUIRED;
    if (result_find(h, f.info.name, &before) == -ENOMEM)
        return -ENOMEM;
    r = begin(h, f.info.name, "load", before.name ? &before : NULL, &result);
    options.loaded_sha256 = result.loaded ? result.sha256 : NULL;
    result.from_file = !before.loaded || before.from_file;
    if (r >= 0)
        r = gate = pass_gate(h, &s, SIZE_MAX, &f, &result, e);
    if (r < 0)
        return r;
    options.must_be_signed |= gate == GATE_AT_LOAD;
    r = load_file(h, &s, &f, gate, &options, &result, e);
    r = conclude(h, &result, r, e, r < 0 ? failed_state(r, e) : "active");
    *ret = TAKE_STRUCT(result);
    return r;
}

char *execute_module_name(const struct host *h, const char *name) {
    _cleanup_(result_done) struct result result = {};

    if (result_read(h, name, &result) >= 0 && result.module_name)
        return TAKE_PTR(result.module_name);
    return patch_name_to_module(name);
}

/* Says who had disabled the patch before, or what remains because of the lock. */
static int explain_unload(const struct host *h, const char *module_name, const char *before,
                          struct result *result) {
    _cleanup_(livepatch_done) struct livepatch p = {};

    if (before)
        return string_set(&result->reason, before);
    if (livepatch_read(h, module_name, &p) < 0 || !p.module_loaded)
        return 0;
    return string_set(&result->reason, "modules are locked: its module stays, and it cannot be "
                                       "loaded again before a reboot");
}

/* What it had replaced runs no more, and lpd.service, which may not run now, has to know. */
static int inherit_orphans(const struct result *before, struct result *r) {
    int k = 0;

    STRV_FOREACH(name, before->complete ? before->replaces : NULL)
        if (k >= 0)
            k = strv_extend(&r->replaces, *name);
    return k;
}

int execute_unload(struct host *h, const char *name, struct result *ret, struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_(result_done) struct result result = {}, before = {};
    _cleanup_free_ char *module_name = NULL;
    uint64_t timeout = 60 * USEC_PER_SEC;
    bool was_out;
    int r, k;

    r = manifest_load(h, name, &m, NULL);
    if (r >= 0)
        timeout = m.timeout_usec;
    /* The caller may write the name of a patch without a manifest with '-' or '_'. */
    if (result_find(h, name, &before) == -ENOMEM)
        return -ENOMEM;
    r = begin(h, m.name ?: before.name ?: name, "unload", NULL, &result);
    if (r >= 0)
        r = remember_early(h, &before, &result);
    if (r < 0)
        return r;
    module_name = execute_module_name(h, result.name);
    if (!module_name)
        return -ENOMEM;
    was_out = streq(strempty(before.state), "disabled") && !is_in(h, module_name);
    r = livepatch_unload(h, module_name, timeout, e);
    if (r > 0)
        attempt_take_back(h, &before);
    if (r >= 0 && explain_unload(h, module_name, was_out ? before.reason : NULL, &result) < 0)
        return -ENOMEM;
    if (r != 0) {
        k = string_set(&result.module_name, module_name);
        if (k >= 0)
            k = string_set(&result.cause, r < 0 ? NULL : CAUSE_UNLOADED);
        if (k >= 0 && r < 0)
            k = inherit(h, &before, &result);
        else if (k >= 0)
            k = inherit_orphans(&before, &result);
        if (k < 0)
            return k;
        r = conclude(h, &result, r, e, r < 0 ? "failed" : "disabled");
    }
    *ret = TAKE_STRUCT(result);
    return r;
}

/* Adds the patches that a now replaced patch had itself replaced. */
static void inherit_replaced(struct host *h, struct result *r) {
    size_t n = strv_length(r->replaces);

    for (size_t i = 0; i < n; i++) {
        _cleanup_(result_done) struct result other = {};

        if (result_find_module(h, r->replaces[i], &other) < 0 || !other.loaded)
            continue;
        /* Its code no longer runs, and what happens from now on is not its fault. */
        attempt_take_back(h, &other);
        STRV_FOREACH(name, other.replaces)
            if (!strv_contains(r->replaces, *name))
                (void) strv_extend(&r->replaces, *name);
    }
}

void execute_completed(struct host *h, struct result *r) {
    bool replaced = true;

    if (!r->complete)
        r->transition_usec = h->ops->now(h) - r->monotonic_usec;
    r->complete = true;
    STRV_FOREACH(name, r->replaces)
        replaced = replaced && !is_in(h, *name) && livepatch_flag_read(h, *name, "transition") <= 0;
    if (replaced)
        inherit_replaced(h, r);
    else
        r->replaces = strv_free(r->replaces);
}

static int run_probe(struct host *h, const struct manifest *m, const char *module_name, struct error *e) {
    int r, k;

    r = m->probe ? probe_run(h, m->probe, m->timeout_usec, e) : 0;
    if (r >= 0)
        return r;
    k = livepatch_unload(h, module_name, m->timeout_usec, NULL);
    if (k < 0)
        return error_hint(e, r, "the patch could not be unloaded: %s", strerror(-k));
    return error_hint(e, r, "the patch has been unloaded");
}

int execute_finish(struct host *h, const struct manifest *m, struct result *result, uint64_t timeout_usec,
                   struct error *e) {
    const char *module_name = result->module_name ?: result->name, *cause = NULL;
    int r;

    r = transition_finish(h, module_name, timeout_usec, m->on_stall, e);
    if (r == -ETIME)
        cause = is_in(h, module_name) ? CAUSE_STALLED : CAUSE_REVERTED;
    else if (r >= 0 && e->message)
        cause = CAUSE_FORCED;
    else if (r >= 0 && streq(strempty(result->cause), CAUSE_STALLED))
        (void) string_set(&result->cause, NULL);
    if (r >= 0) {
        r = run_probe(h, m, module_name, e);
        cause = r < 0 ? CAUSE_PROBE_FAILED : cause;
    }
    if (r < 0 && !livepatch_is_registered(h, module_name))
        attempt_take_back(h, result);
    return cause && string_set(&result->cause, cause) < 0 ? -ENOMEM : r;
}
