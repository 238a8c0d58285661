/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "config/name.h"
#include "plan/missing.h"
#include "plan/rollout.h"
#include "report/layers.h"
#include "report/status.h"
#include "state/lock.h"

/* One patch, with or without a manifest, while its status is built. */
struct subject {
    const char *name;
    const struct manifest_entry *entry;
    const struct patch_info *info;
    const struct livepatch *in;
    const char *loaded_sha256; /* recorded SHA256 of the loaded bytes */
    enum build build;          /* the loaded module compared with the file */
    const struct result *result;
    const struct action *action;
    const char *replaced_by;
    const char *lacking; /* a failed patch that it requires */
    bool locked;         /* no module can be loaded or removed */
    bool disable_file;   /* /etc/lpd/disable: nothing is loaded at boot */
    uint64_t clock_usec;
    const struct layer_list *layers;
    const struct livepatch *running; /* the patch whose transition runs; NULL: none */
    const struct override_list *overrides; /* NULL: none can concern it */
    const char *overridden; /* who decides in place of its code; NULL: nobody, or unknown */
};

struct state {
    const char *name;
    const char *reason; /* NULL: none; if more follows, it completes the sentence with the name of
                         * another patch */
    const char *other, *rest;
    const char *code; /* one of CAUSE_*, "replaced" or "superseded", or NULL */
};

static const struct manifest *manifest_of(const struct subject *p) {
    return p->entry && p->entry->error_number == 0 ? &p->entry->manifest : NULL;
}

static struct state state_by_plan(const struct subject *p) {
    const char *decided = p->action->steps[p->action->n_steps - 1].question;

    if (p->action->type == ACTION_SKIP)
        return (struct state){ streq(decided, "enabled") ? "disabled" : "skipped", action_fact(p->action),
                               .code = streq(decided, "superseded") ? "superseded" : NULL };
    if (p->action->type == ACTION_FAIL)
        return (struct state){ result_failed_state(p->action->error_number, p->action->exit_status),
                               action_fact(p->action) };
    return (struct state){ "absent", "it has not been loaded in this boot" };
}

static bool has_failed(const struct result *r) {
    return r && result_has_failed(r);
}

/* Who disabled it, if that is recorded, otherwise what that means for the patch. */
static const char *why_disabled(const struct subject *p, const char *fallback) {
    const struct result *r = p->result;

    return r && streq(strempty(r->state), "disabled") && r->reason ? r->reason : fallback;
}

static const char *cause_disabled(const struct subject *p) {
    return p->result && streq(strempty(p->result->state), "disabled") ? p->result->cause : NULL;
}

static bool has_cause(const struct subject *p, const char *cause) {
    return p->result && streq(strempty(p->result->cause), cause);
}

static struct state state_in_transition(const struct subject *p) {
    if (!p->in->enabled)
        return (struct state){ "transition", why_disabled(p, "being disabled") };
    if (has_cause(p, CAUSE_STALLED))
        return (struct state){ "transition", "stalled: it has not finished in TimeoutSec=, see lpctl blocking",
                               .code = CAUSE_STALLED };
    return (struct state){ "transition", "being enabled" };
}

/* Whether its unit is being started and waits for another patch. */
static bool is_behind_another(const struct subject *p) {
    return p->result && streq(strempty(p->result->state), "loading") && p->running &&
           !patch_name_equal(p->running->name, p->result->module_name ?: p->name);
}

/* Whether the module file was read, so that the loaded build can be compared with it. */
static bool is_read(const struct subject *p) {
    return p->info && (p->info->sha256 || p->info->build_id);
}

/* Whether the plan skips the patch although it is loaded, for instance by an initramfs or by
 * hand. */
static bool is_skipped(const struct subject *p) {
    return p->action && p->action->type == ACTION_SKIP;
}

/* Whether the ledger keeps the build out of the next boots, although it is loaded. */
static bool is_quarantined(const struct subject *p) {
    return p->action && p->action->type == ACTION_FAIL && p->action->exit_status == EXIT_STATUS_QUARANTINED;
}

/* The state of an enabled patch. It may not be what is configured, and its code may not run. */
static struct state state_when_enabled(const struct subject *p) {
    char **unpatched = p->in->unpatched;

    if (p->overridden)
        return (struct state){ "active", "overridden: ", p->overridden,
                               "; its new code runs again when that is detached", "overridden" };
    if (!p->entry)
        return (struct state){ "active", "it has no manifest: a reboot forgets it" };
    if (is_skipped(p))
        return (struct state){ "active", "still loaded, also after a soft-reboot, until it is unloaded: ",
                               action_fact(p->action), "" };
    if (is_read(p) && p->build == BUILD_OTHER && p->info->fallen_back)
        return (struct state){ "quarantined", "it stays loaded until it is unloaded: ", p->info->fallen_back, "" };
    if (is_read(p) && p->build != BUILD_SAME)
        return (struct state){ "active", p->build == BUILD_OTHER
                                             ? "a build other than the installed one is loaded"
                                             : "whether the loaded build is the installed one is unknown",
                               .code = p->build == BUILD_OTHER ? "superseded" : NULL };
    if (is_quarantined(p))
        return (struct state){ "quarantined", "it stays loaded until it is unloaded: ", action_fact(p->action), "" };
    if (p->info && p->info->fallen_back)
        return (struct state){ "active", "the last confirmed build, as the installed one is quarantined: ",
                               p->info->fallen_back, "", "fallback" };
    if (strv_length(unpatched) > 0)
        return (struct state){ "active", "patches ", unpatched[0],
                               unpatched[1] ? " and others when these are loaded"
                                            : " when that is loaded" };
    if (p->result && p->result->unguarded)
        return (struct state){ "active", "on trial, and its attempt is not in the ledger: ", p->result->unguarded, "" };
    if (has_cause(p, CAUSE_FORCED))
        return (struct state){ "active", "its transition was forced: tasks may still run the old code",
                               .code = CAUSE_FORCED };
    return (struct state){ "active", NULL };
}

/* Whether the loaded module of that name belongs to another patch. */
static bool is_anothers(const struct subject *p) {
    return p->action && p->action->type == ACTION_FAIL &&
           streq(p->action->steps[p->action->n_steps - 1].question, "namesake");
}

/* The state in the kernel takes precedence over the last result, and that over the plan. */
static struct state find_state(const struct subject *p) {
    if (is_anothers(p))
        return state_by_plan(p);
    if (p->in && p->in->registered && p->in->transition)
        return state_in_transition(p);
    if (p->in && livepatch_is_enabled(p->in))
        return state_when_enabled(p);
    if (p->replaced_by)
        return (struct state){ "replaced", "by ", p->replaced_by, ", which is cumulative", "replaced" };
    if (p->action && p->action->type == ACTION_SKIP)
        return state_by_plan(p);
    if (has_failed(p->result))
        return (struct state){ p->result->state, p->result->reason, .code = p->result->cause };
    if (is_behind_another(p))
        return (struct state){ "absent", "waits for the transition of ", p->running->name, " to finish",
                               CAUSE_WAITING };
    if (p->result && streq(strempty(p->result->state), "loading"))
        return (struct state){ "failed", "its load was started, and its result is not recorded" };
    if (p->in && p->in->module_loaded)
        return (struct state){ "disabled", why_disabled(p, p->locked
                                               ? "disabled, and cannot be loaded again before a "
                                                 "reboot: modules are locked"
                                               : "disabled, but its module is still loaded"),
                               .code = cause_disabled(p) };
    if (p->result && p->result->state && streq(p->result->state, "disabled"))
        return (struct state){ "disabled", why_disabled(p, "unloaded on request"), .code = cause_disabled(p) };
    if (p->lacking)
        return (struct state){ "failed", "it requires ", p->lacking, ", which failed" };
    if (!p->action && p->result && streq(strempty(p->result->state), "skipped"))
        return (struct state){ "skipped", p->result->reason };
    return p->action ? state_by_plan(p) : (struct state){ "absent", NULL };
}

static json_object *module_value(const struct subject *p) {
    json_object *o = json_object_new_object();

    json_add_string(o, "name", p->info && p->info->module_name ? p->info->module_name : p->in ? p->in->name : NULL);
    json_add_string(o, "path", p->info ? p->info->module_path : NULL);
    json_add_string(o, "sha256", p->info ? p->info->sha256 : NULL);
    json_add_string(o, "buildId", p->info ? p->info->build_id : NULL);
    json_add_string(o, "vermagic", p->info ? p->info->vermagic : NULL);
    return o;
}

json_object *status_build_signature(const struct result *r) {
    json_object *o;

    if (!r || !r->verdict)
        return NULL;
    o = json_object_new_object();
    json_add_string(o, "verdict", r->verdict);
    json_add_string(o, "way", r->way);
    json_add_string(o, "signer", r->signer);
    json_add_string(o, "keyId", r->key_id);
    json_add_string(o, "keyring", r->keyring);
    json_add_string(o, "hash", r->hash);
    json_add_string(o, "expired", r->expired);
    return o;
}

/* NULL if it has no probe, or is not loaded. */
static const char *probe_state(const struct subject *p) {
    const struct manifest *m = manifest_of(p);

    if (!m || !m->probe || !p->in || !p->in->registered || !p->in->enabled)
        return NULL;
    if (!p->result || !p->result->loaded)
        return "unknown";
    return p->result->complete ? "passed" : "waiting";
}

static json_object *kernel_state_value(const struct subject *p) {
    uint64_t took = p->result && p->result->loaded ? p->result->transition_usec : 0;
    json_object *o = json_object_new_object();
    const struct livepatch *in = p->in;

    json_add_bool(o, "loaded", in && in->module_loaded);
    json_add_bool(o, "enabled", in && livepatch_is_enabled(in));
    json_add_bool(o, "transition", in && in->registered && in->transition);
    json_object_object_add(o, "transitionUsec", took > 0 ? json_object_new_uint64(took) : NULL);
    json_add_bool(o, "replaced", p->replaced_by != NULL);
    json_add_string(o, "buildId", in ? in->build_id : NULL);
    json_add_string(o, "sha256", in ? p->loaded_sha256 : NULL);
    json_add_tristate(o, "installed", in && in->module_loaded && is_read(p) && p->build != BUILD_UNKNOWN
                                          ? p->build == BUILD_SAME : -1);
    json_add_string(o, "probe", probe_state(p));
    json_add_list(o, "objects", in ? in->objects : NULL);
    json_add_list(o, "patched", in ? in->patched : NULL);
    json_add_list(o, "unpatched", in ? in->unpatched : NULL);
    json_add_list(o, "functions", in ? in->functions : NULL);
    json_object_object_add(o, "layers", layers_build(p->layers, in));
    return o;
}

static void add_reason(json_object *o, const struct state *state) {
    _cleanup_free_ char *reason = NULL;

    if (state->other && asprintf(&reason, "%s%s%s", state->reason, state->other, state->rest) < 0)
        reason = NULL;
    json_add_string(o, "reason", reason ?: state->reason);
}

/* Known even before the host has tried it. */
static const char *early_reason(const struct subject *p) {
    const struct result *r = p->result;

    if (!r || r->early_reason)
        return r ? r->early_reason : NULL;
    return !r->loaded && streq(strempty(r->stage), "initrd") ? r->reason : NULL;
}

/* Adds the faults of keys that have no effect on the load. */
static void add_warnings(json_object *o, const struct manifest *m) {
    const struct error *first = m && m->warnings.message ? &m->warnings : NULL;
    json_object *warnings = json_object_new_array();

    for (const struct error *w = first; w; w = w->more) {
        _cleanup_free_ char *text = error_text(w);

        json_object_array_add(warnings, json_object_new_string(strempty(text)));
    }
    json_object_object_add(o, "warnings", warnings);
}

/* Whether it is enabled for this boot: it is loaded, or no decision against it has been made. */
static int enabled_this_boot(const struct subject *p) {
    if ((p->in && livepatch_is_enabled(p->in) && !is_anothers(p)) || p->replaced_by)
        return true;
    if (!p->action)
        return p->in ? false : -1;
    if (p->result && streq(strempty(p->result->state), "disabled"))
        return false;
    return !is_skipped(p) && p->entry->error_number == 0;
}

/* Whether it is enabled for the next boot. The command line of this boot, and whether the next
 * kernel has a module, do not matter. */
static int enabled_next_boot(const struct subject *p) {
    const struct manifest *m = manifest_of(p);
    const char *decided;

    if (!p->entry)
        return p->in ? false : -1;
    if (!m || !m->enabled || p->disable_file || (p->info && p->info->unit_problem) || is_quarantined(p))
        return false;
    decided = is_skipped(p) ? p->action->steps[p->action->n_steps - 1].question : "";
    return !streq(decided, "rollout") && !streq(decided, "tags");
}

static json_object *relations_value(const struct manifest *m) {
    json_object *o = m ? json_object_new_object() : NULL;

    if (!o)
        return NULL;
    json_add_list(o, "after", m->after);
    json_add_list(o, "requires", m->requires);
    json_add_list(o, "conflicts", m->conflicts);
    return o;
}

static json_object *waves_value(const struct waves *w) {
    json_object *waves = json_object_new_array();

    for (size_t i = 0; i < w->n; i++) {
        json_object *o = json_object_new_object();

        json_object_object_add(o, "percent", json_object_new_double(w->list[i].share / 100.0));
        json_add_time(o, "since", w->list[i].since_usec);
        json_object_array_add(waves, o);
    }
    return waves;
}

/* The limits that its manifest sets. */
static json_object *limits_value(const struct manifest *m, uint64_t clock_usec) {
    json_object *o = m ? json_object_new_object() : NULL;

    if (!o)
        return NULL;
    json_add_string(o, "waitFor", patch_wait_to_string(m->wait_for));
    json_add_time(o, "timeoutUsec", m->timeout_usec == USEC_INFINITY ? 0 : m->timeout_usec);
    json_add_string(o, "onStall", on_stall_to_string(m->on_stall));
    json_add_string(o, "probe", m->probe);
    json_object_object_add(o, "rolloutPercent",
                           json_object_new_double(rollout_share(&m->rollout, rollout_clock(clock_usec)) / 100.0));
    json_object_object_add(o, "rolloutWaves", waves_value(&m->rollout));
    json_add_list(o, "rolloutTags", m->rollout_tags);
    return o;
}

/* What the ledger knows of the installed build. */
static void add_guard(json_object *o, const struct subject *p) {
    bool known = p->info && p->info->sha256;
    const struct ledger_build *b = known && p->info->ledger.name ? &p->info->ledger : NULL;

    json_add_string(o, "guard", !known             ? NULL
                                : is_quarantined(p) ? ledger_state_name(LEDGER_QUARANTINED)
                                : b                 ? ledger_state_name(b->state)
                                                    : ledger_state_name(LEDGER_TRIAL));
    json_object_object_add(o, "attempts", known ? json_object_new_int64(b ? (int64_t) b->n_attempts : 0) : NULL);
}

static json_object *patch_value(struct subject *p) {
    _cleanup_free_ char *overridden = p->in && p->overrides
                                          ? override_list_describe(p->overrides, p->in->name) : NULL;
    const struct manifest *m = manifest_of(p);
    json_object *o = json_object_new_object();
    struct state state;

    p->overridden = overridden;
    state = find_state(p);
    json_add_string(o, "name", p->name);
    json_add_string(o, "description", m ? m->description : NULL);
    json_add_list(o, "fixes", m ? m->fixes : NULL);
    json_add_string(o, "manifest", p->entry ? p->entry->path : NULL);
    add_warnings(o, m);
    json_add_string(o, "stage", m ? patch_stage_to_string(m->stage) : NULL);
    /* Without a readable manifest this is unknown, and assumed: plan_requires(). */
    json_add_bool(o, "required", m ? m->required : p->entry != NULL);
    json_add_tristate(o, "applies", p->action ? !is_skipped(p) : -1);
    json_add_string(o, "state", state.name);
    add_reason(o, &state);
    json_add_string(o, "reasonCode", state.code);
    json_add_string(o, "overridden", overridden);
    json_add_tristate(o, "enabledNow", enabled_this_boot(p));
    json_add_tristate(o, "enabledNext", enabled_next_boot(p));
    json_object_object_add(o, "module", module_value(p));
    json_add_string(o, "parameters", m ? m->parameters : NULL);
    json_object_object_add(o, "relations", relations_value(m));
    json_object_object_add(o, "limits", limits_value(m, p->clock_usec));
    json_object_object_add(o, "signature", status_build_signature(p->result));
    json_object_object_add(o, "kernelState", kernel_state_value(p));
    add_guard(o, p);
    json_add_time(o, "since", p->result ? p->result->since_usec : 0);
    json_add_string(o, "loadedStage", p->result && p->result->loaded ? p->result->stage : NULL);
    json_add_string(o, "earlyReason", early_reason(p));
    json_add_string(o, "lateReason", p->result ? p->result->late_reason : NULL);
    return o;
}

/* systemd does not start a patch whose requirement failed, so such a patch has no result of its
 * own. */
static const char *find_lacking(const struct snapshot *s, const struct manifest_entry *entry) {
    if (entry->error_number < 0)
        return NULL;
    STRV_FOREACH(name, entry->manifest.requires)
        if (has_failed(result_list_find(&s->results, *name)))
            return *name;
    return NULL;
}

static json_object *planned_patch_value(const struct snapshot *s, const struct layer_list *l, const struct plan *plan,
                                        size_t i) {
    const struct manifest_entry *entry = s->manifests.entries + i;

    return patch_value(&(struct subject){
        .name = entry->name,
        .entry = entry,
        .info = s->patch_infos + i,
        .in = snapshot_livepatch(s, i),
        .loaded_sha256 = snapshot_loaded_sha256(s, i),
        .build = snapshot_build(s, i),
        .result = result_list_find(&s->results, entry->name),
        .action = plan->by_manifest[i],
        .replaced_by = snapshot_replaced_by(s, i),
        .lacking = find_lacking(s, entry),
        .locked = s->facts.modules_disabled == 1,
        .disable_file = s->disable_file,
        .clock_usec = s->clock_usec,
        .layers = l,
        .running = livepatch_list_transition(&s->loaded),
        .overrides = &s->overrides,
    });
}

static bool has_manifest(const struct snapshot *s, const char *module) {
    for (size_t i = 0; i < s->manifests.n_entries; i++)
        if (patch_name_equal(snapshot_module_name(s, i), module))
            return true;
    return false;
}

static json_object *foreign_patch_value(const struct snapshot *s, const struct layer_list *l,
                                        const struct livepatch *in) {
    const struct result *result = result_list_find_module(&s->results, in->name);

    return patch_value(&(struct subject){
        .name = in->name,
        .in = in,
        .loaded_sha256 = result && result->loaded ? result->sha256 : NULL,
        .build = BUILD_UNKNOWN,
        .result = result,
        .locked = s->facts.modules_disabled == 1,
        .disable_file = s->disable_file,
        .clock_usec = s->clock_usec,
        .layers = l,
        .running = livepatch_list_transition(&s->loaded),
        .overrides = &s->overrides,
    });
}

/* Whether the initramfs did not load it and the host has no manifest of it, because only the volume
 * has one. */
static bool is_left_by_initramfs(const struct snapshot *s, const struct result *r) {
    const char *module = r->module_name ?: r->name;

    return !r->loaded && streq(strempty(r->stage), "initrd") && snapshot_find(s, r->name) == SIZE_MAX &&
           !has_manifest(s, module) && !livepatch_list_find(&s->loaded, module);
}

static json_object *left_patch_value(const struct snapshot *s, const struct layer_list *l, const struct result *r) {
    return patch_value(&(struct subject){
        .name = r->name,
        .build = BUILD_UNKNOWN,
        .result = r,
        .locked = s->facts.modules_disabled == 1,
        .disable_file = s->disable_file,
        .clock_usec = s->clock_usec,
        .layers = l,
        .running = livepatch_list_transition(&s->loaded),
        .overrides = &s->overrides,
    });
}

static json_object *kernel_value(const struct kernel_facts *f) {
    json_object *o = json_object_new_object();

    json_add_string(o, "release", f->release);
    json_add_string(o, "buildId", f->build_id);
    json_add_bool(o, "livepatch", f->livepatch);
    json_add_tristate(o, "sigEnforce", f->sig_enforce);
    json_add_string(o, "lockdown", f->lockdown);
    json_add_tristate(o, "secureBoot", f->secure_boot);
    json_add_tristate(o, "modulesDisabled", f->modules_disabled);
    return o;
}

static json_object *silenced_value(const struct policy *p) {
    json_object *words = json_object_new_array();

    for (unsigned left = p->silenced; left; left &= left - 1)
        json_object_array_add(words, json_object_new_string(warning_to_string(left & -left)));
    return words;
}

static json_object *policy_value(const struct snapshot *s) {
    json_object *o = json_object_new_object();

    json_add_string(o, "signature", signature_policy_to_string(s->policy.signature));
    json_add_string(o, "problem", s->policy_error < 0
                                   ? error_message(&s->policy_problem, s->policy_error)
                                   : NULL);
    json_object_object_add(o, "silenced", silenced_value(&s->policy));
    return o;
}

static json_object *switches_value(const struct snapshot *s) {
    json_object *o = json_object_new_object();

    json_add_bool(o, "disabledOnCommandLine", s->switches.disabled);
    json_add_bool(o, "disabledByFile", s->disable_file);
    json_add_bool(o, "crashKernel", s->switches.crash_kernel);
    json_add_list(o, "skip", s->switches.skip);
    return o;
}

/* A lock that another program set, such as sysctl(8), has no record. */
static void add_lock_record(json_object *o, const struct lock_record *r) {
    json_object *by = r->state ? json_object_new_object() : NULL;

    json_add_string(o, "state", r->state);
    json_add_string(o, "reason", r->reason);
    json_add_time(o, "since", r->since_usec);
    json_object_object_add(o, "by", by);
    if (!by)
        return;
    json_add_string(by, "unit", r->unit);
    json_add_string(by, "user", r->user);
    if (r->uid >= 0)
        json_add_number(by, "uid", r->uid);
    else
        json_object_object_add(by, "uid", NULL);
}

/* Whether the initramfs has read the patches of the volume; NULL if none is configured. */
static json_object *volume_value(const struct snapshot *s) {
    json_object *o;

    if (!s->policy.store_device)
        return NULL;
    o = json_object_new_object();
    json_add_string(o, "device", s->policy.store_device);
    json_add_string(o, "node", s->volume.node);
    json_add_string(o, "type", s->volume.type);
    json_add_list(o, "problems", s->volume.problems);
    return o;
}

/* How much of its budget the initramfs has used; NULL: lpd did not run in it. */
static json_object *early_value(const struct snapshot *s) {
    json_object *o;

    if (!s->early_known)
        return NULL;
    o = json_object_new_object();
    json_add_number(o, "bytes", (int64_t) s->early.bytes);
    json_add_number(o, "patches", (int64_t) s->early.patches);
    json_add_number(o, "usec", (int64_t) s->early.usec);
    json_add_bool(o, "stopped", s->early.stopped);
    return o;
}

/* NULL: modules are not locked, or refused loads are not counted. */
static json_object *refused_value(const struct snapshot *s) {
    json_object *o;

    if (!s->refused_known)
        return NULL;
    o = json_object_new_object();
    json_add_number(o, "count", (int64_t) s->refused.count);
    json_add_time(o, "last", s->refused.last_usec);
    json_add_string(o, "command", s->refused.command);
    if (s->refused.command)
        json_add_number(o, "uid", s->refused.uid);
    else
        json_object_object_add(o, "uid", NULL);
    json_add_list(o, "requested", s->refused.requested);
    json_add_list(o, "requestedByUsers", s->refused.requested_by_users);
    return o;
}

static json_object *lock_value(const struct snapshot *s) {
    json_object *o = json_object_new_object();

    json_add_string(o, "policy", lock_policy_to_string(s->policy.lock));
    json_add_tristate(o, "locked", s->facts.modules_disabled);
    json_add_tristate(o, "kexecLocked", s->facts.kexec_disabled);
    json_add_bool(o, "sealed", s->facts.sealed);
    add_lock_record(o, &s->lock);
    json_object_object_add(o, "refused", refused_value(s));
    json_add_list(o, "alsoLockedBy", s->kernel_settings);
    return o;
}

static json_object *missing_value(const struct snapshot *s, const struct plan *p) {
    _cleanup_strv_free_ char **missing = NULL;
    json_object *names = json_object_new_array();

    (void) plan_missing(s, p, LOCK_REQUIRE_REQUIRED, &missing);
    STRV_FOREACH(name, missing)
        json_object_array_add(names, json_object_new_string(*name));
    return names;
}

json_object *status_build(const struct snapshot *s, const struct plan *p) {
    json_object *o = value_new(), *patches = json_object_new_array();
    _cleanup_(layer_list_done) struct layer_list l = {};

    (void) layer_list_make(s, &l);
    json_object_object_add(o, "kernel", kernel_value(&s->facts));
    json_object_object_add(o, "policy", policy_value(s));
    json_object_object_add(o, "switches", switches_value(s));
    json_object_object_add(o, "lock", lock_value(s));
    json_object_object_add(o, "volume", volume_value(s));
    json_object_object_add(o, "early", early_value(s));
    for (size_t i = 0; i < s->manifests.n_entries; i++)
        json_object_array_add(patches, planned_patch_value(s, &l, p, i));
    for (size_t i = 0; i < s->loaded.n_patches; i++)
        if (s->loaded.patches[i].registered && !has_manifest(s, s->loaded.patches[i].name))
            json_object_array_add(patches, foreign_patch_value(s, &l, s->loaded.patches + i));
    for (size_t i = 0; i < s->results.n_results; i++)
        if (is_left_by_initramfs(s, s->results.results + i))
            json_object_array_add(patches, left_patch_value(s, &l, s->results.results + i));
    json_object_object_add(o, "patches", patches);
    json_object_object_add(o, "requiredMissing", missing_value(s, p));
    json_object_object_add(o, "layered", layers_warning(s, &l));
    return o;
}

json_object *status_build_patch(const struct snapshot *s, const struct plan *p, const char *name) {
    const struct livepatch *in = livepatch_list_find(&s->loaded, name);
    const struct result *result = result_list_find(&s->results, name);
    _cleanup_(layer_list_done) struct layer_list l = {};
    size_t i = snapshot_find(s, name);

    (void) layer_list_make(s, &l);
    if (i != SIZE_MAX)
        return planned_patch_value(s, &l, p, i);
    if (in)
        return foreign_patch_value(s, &l, in);
    return result && is_left_by_initramfs(s, result) ? left_patch_value(s, &l, result) : NULL;
}
