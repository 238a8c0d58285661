/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/strv.h"
#include "config/name.h"
#include "guard/check.h"
#include "plan/order.h"
#include "plan/plan.h"
#include "plan/rollout.h"

struct planner {
    const struct snapshot *snapshot;
    const struct plan *plan;
    size_t n_unloads; /* the plan begins with these */
    struct order order;
    struct action **by_index; /* the decision for each manifest */
    const char **opponents;   /* for each manifest: the conflicting patch that is loaded or will be */
    void *modules;            /* patch_info of patches to load, by module name: tsearch(3) */
};

static void action_done(struct action *a) {
    for (size_t i = 0; i < a->n_steps; i++)
        free(a->steps[i].fact);
    free(a->steps);
    free(a->name);
}

void plan_done(struct plan *p) {
    for (size_t i = 0; i < p->n_actions; i++)
        action_done(p->actions + i);
    free(p->actions);
    free(p->by_manifest);
    *p = (struct plan){};
}

/* Frees nothing: the snapshot owns the info. */
static void keep_info(void *info _unused_) {}

static void planner_done(struct planner *p) {
    order_done(&p->order);
    free(p->by_index);
    free(p->opponents);
    tdestroy(p->modules, keep_info);
}

const char *action_type_to_string(enum action_type t) {
    static const char *const names[] = {
        [ACTION_LOAD] = "load", [ACTION_KEEP] = "keep",     [ACTION_SKIP] = "skip",
        [ACTION_FAIL] = "fail", [ACTION_UNLOAD] = "unload",
    };

    return names[t];
}

const char *action_fact(const struct action *a) {
    return a->n_steps > 0 ? strempty(a->steps[a->n_steps - 1].fact) : "";
}

const struct action *plan_find(const struct plan *p, const char *name) {
    for (size_t i = 0; i < p->n_actions; i++)
        if (patch_name_equal(p->actions[i].name, name))
            return p->actions + i;
    return NULL;
}

/* Records a check and its result; the last one recorded is the one that decided. */
static int answer(struct action *a, const char *question, bool passed, const char *fmt, ...)
    _printf_(4, 5);
static int answer(struct action *a, const char *question, bool passed, const char *fmt, ...) {
    struct plan_step *grown;
    char *fact;
    va_list ap;
    int r;

    grown = reallocarray(a->steps, a->n_steps + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    a->steps = grown;
    va_start(ap, fmt);
    r = vasprintf(&fact, fmt, ap);
    va_end(ap);
    if (r < 0)
        return -ENOMEM;
    a->steps[a->n_steps++] =
        (struct plan_step){ .question = question, .passed = passed, .fact = fact };
    return passed;
}

/* The checks below answer one question each and return 1 if the next check may follow, 0 if the
 * answer decided (a->type and a->exit_status say how), or -ENOMEM. */

static int decide(struct action *a, enum action_type type, enum exit_status exit_status) {
    a->type = type;
    a->exit_status = exit_status;
    return 0;
}

/* Puts the directory at the end, so that a narrow terminal truncates it and not the reason. */
static int answer_fault(struct action *a, const char *message) {
    size_t n = strcspn(message, ":");
    const char *slash = memrchr(message, '/', n);

    if (*message != '/' || !message[n])
        return answer(a, "manifest", false, "%s", message);
    return answer(a, "manifest", false, "%s (%.*s)", slash + 1, (int) n, message);
}

static int check_manifest(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    if (entry->error_number == 0)
        return answer(a, "manifest", true, "%s", entry->path);
    decide(a, ACTION_FAIL, entry->error.exit_status ?: EXIT_STATUS_CONFIG);
    a->hint = entry->error.hint;
    return answer_fault(a, error_message(&entry->error, entry->error_number));
}

static int check_switches(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const struct snapshot *s = p->snapshot;

    decide(a, ACTION_SKIP, EXIT_STATUS_FAILED);
    if (cmdline_off(&s->switches))
        return answer(a, "switches", false, "%s", cmdline_off(&s->switches));
    if (s->disable_file)
        return answer(a, "switches", false, "/etc/lpd/disable exists");
    if (cmdline_skips(&s->switches, entry->name))
        return answer(a, "switches", false, "lpd.skip=%s is on the kernel command line", entry->name);
    if (entry->manifest.by_default && s->switches.kpatch_disabled)
        return answer(a, "switches", false, "kpatch.enable=0 is on the kernel command line");
    return answer(a, "switches", true, "nothing on the kernel command line, no /etc/lpd/disable");
}

static int check_enabled(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    decide(a, ACTION_SKIP, EXIT_STATUS_FAILED);
    return answer(a, "enabled", entry->manifest.enabled, "Enabled=%s",
                  yes_no(entry->manifest.enabled));
}

/* A masked unit is no fault of the patch, but a missing required patch must be noticed. */
static int check_unit(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const char *problem = p->snapshot->patch_infos[a->index].unit_problem;

    if (!problem)
        return 1;
    decide(a, entry->manifest.required ? ACTION_FAIL : ACTION_SKIP, EXIT_STATUS_FAILED);
    return answer(a, "unit", false, "%s", problem);
}

static int check_stage(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    bool here = !p->snapshot->in_initrd || entry->manifest.stage == STAGE_INITRD;

    decide(a, ACTION_SKIP, EXIT_STATUS_FAILED);
    return answer(a, "stage", here, "Stage=%s, and this is the %s",
                  patch_stage_to_string(entry->manifest.stage),
                  p->snapshot->in_initrd ? "initramfs" : "host");
}

/* wave is that of the machine, or NULL; share is that of now. */
static int answer_wave(struct action *a, const struct wave *wave, bool takes_part, unsigned share, uint32_t position) {
    char date[WAVE_DATE_SIZE];

    wave_date(wave ? wave->since_usec : 0, date);
    return answer(a, "rollout", takes_part, "Rollout=%u.%02u%%, and the position of this machine is %.4f%%%s%s",
                  share / 100, share % 100, rollout_percent(position),
                  !*date ? "" : takes_part ? ", in since " : ": it joins on ", date);
}

static int check_rollout(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const struct waves *waves = &entry->manifest.rollout;
    const struct snapshot *s = p->snapshot;
    uint64_t now = rollout_clock(s->clock_usec);
    unsigned share = rollout_share(waves, now);
    const struct result *own = result_list_find(&s->results, entry->name);
    const struct wave *wave;
    uint32_t position;
    int r;

    if (share >= 10000)
        return answer(a, "rollout", true, "Rollout=100%%");
    decide(a, ACTION_SKIP, EXIT_STATUS_FAILED);
    if (!s->machine_id)
        return answer(a, "rollout", false, "Rollout=%u.%02u%%, and %s", share / 100, share % 100,
                      s->in_initrd ? "the initramfs does not know the machine: the host decides"
                                   : "this machine has no machine id");
    r = rollout_position(s->machine_id, entry->name, &position);
    if (r < 0)
        return r;
    wave = rollout_wave(waves, position);
    /* A clock that is set back takes out no patch that is in. */
    return answer_wave(a, wave, wave && (wave->since_usec <= now || (own && own->loaded)), share, position);
}

static bool has_tag(char *const *tags, char *const *patterns) {
    STRV_FOREACH(tag, tags)
        STRV_FOREACH(pattern, patterns)
            if (fnmatch(*pattern, *tag, 0) == 0)
                return true;
    return false;
}

static int check_tags(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    _cleanup_free_ char *patterns = NULL, *tags = NULL;
    const struct snapshot *s = p->snapshot;
    char *const *wanted = entry->manifest.rollout_tags;

    if (!wanted)
        return 1;
    decide(a, ACTION_SKIP, EXIT_STATUS_FAILED);
    patterns = strv_join(wanted, " ");
    tags = strv_join(s->machine_tags, ":");
    if (!patterns || !tags)
        return -ENOMEM;
    if (s->in_initrd)
        return answer(a, "tags", false, "RolloutTags=%s, and the initramfs does not know the machine: the host decides",
                      patterns);
    return answer(a, "tags", has_tag(s->machine_tags, wanted), "RolloutTags=%s, and this machine has %s%s", patterns,
                  s->machine_tags ? "the tags " : "no tags (TAGS= in /etc/machine-info)", tags);
}

/* A patch for another kernel is no error, unless it is required. */
static void decide_not_for_kernel(struct action *a, const struct manifest *m) {
    decide(a, m->required ? ACTION_FAIL : ACTION_SKIP, EXIT_STATUS_KERNEL);
}

static int check_kernel(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const struct kernel_facts *facts = &p->snapshot->facts;
    const struct manifest_kernel *kernel;

    if (!facts->release)
        return answer(a, "kernel", true, "not known here");
    decide_not_for_kernel(a, &entry->manifest);
    if (!manifest_covers(&entry->manifest, facts->release))
        return answer(a, "kernel", false, "no [Kernel:%s] among the manifest's %zu kernels",
                      facts->release, entry->manifest.n_kernels);
    kernel = manifest_kernel_for(&entry->manifest, facts->release);
    if (kernel && kernel->build_id && !facts->build_id && !p->snapshot->offline)
        return answer(a, "kernel", false, "BuildID=%s, but the build id of this %s is unknown",
                      kernel->build_id, facts->release);
    if (kernel && kernel->build_id && facts->build_id && !streq(kernel->build_id, facts->build_id))
        return answer(a, "kernel", false, "BuildID=%s, but this %s has the build id %s",
                      kernel->build_id, facts->release, facts->build_id);
    if (!facts->livepatch) {
        decide(a, ACTION_FAIL, EXIT_STATUS_KERNEL);
        return answer(a, "kernel", false, "%s has no live patching (CONFIG_LIVEPATCH)",
                      facts->release);
    }
    return answer(a, "kernel", true, "this kernel is %s", facts->release);
}

static int check_module(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const struct snapshot *s = p->snapshot;
    const struct patch_info *info = s->patch_infos + a->index;
    bool named = s->facts.release && manifest_kernel_for(&entry->manifest, s->facts.release);

    if (info->module_path)
        return answer(a, "module", true, "%s", info->module_path);
    if (s->modules_unknown || !s->facts.release)
        return answer(a, "module", true, "not to be seen yet");
    if (named)
        decide(a, ACTION_FAIL, EXIT_STATUS_FAILED);
    else
        decide_not_for_kernel(a, &entry->manifest);
    return answer(a, "module", false, "no module for %s in the module directories",
                  s->facts.release);
}

/* Of the modules of one cumulative line that another loader has left, the newest counts. */
static int check_superseded(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const struct snapshot *s = p->snapshot;

    for (size_t i = 0; entry->manifest.by_default && s->facts.release && i < s->manifests.n_entries; i++) {
        const struct manifest_entry *other = s->manifests.entries + i;

        if (other->error_number < 0 || !other->manifest.by_default || !other->manifest.enabled ||
            !manifest_adopted_module(&other->manifest, s->facts.release) ||
            !adopted_is_same_line(other->name, entry->name) || strverscmp(other->name, entry->name) <= 0)
            continue;
        decide(a, ACTION_SKIP, EXIT_STATUS_DONE);
        return answer(a, "superseded", false, "superseded by %s, a newer module of the same cumulative patch",
                      other->name);
    }
    return 1;
}

static int check_order(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const char *circle = p->order.circle_of[a->index];

    if (!circle)
        return 1;
    decide(a, ACTION_FAIL, EXIT_STATUS_CONFIG);
    return answer(a, "order", false, "After= and Requires= form a cycle: %s", circle);
}

/* The decision for another patch; NULL if it has no manifest, or comes later. */
static const struct action *decided(const struct planner *p, const char *name) {
    size_t i = snapshot_find(p->snapshot, name);

    return i == SIZE_MAX ? NULL : p->by_index[i];
}

static bool goes_in(const struct action *a) {
    return a && (a->type == ACTION_LOAD || a->type == ACTION_KEEP);
}

static int check_requires(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    if (p->snapshot->patch_infos[a->index].tried)
        return 1;
    STRV_FOREACH(name, entry->manifest.requires) {
        const struct action *other = decided(p, *name);
        int r;

        decide(a, ACTION_FAIL, EXIT_STATUS_FAILED);
        if (!goes_in(other))
            return answer(a, "requires", false, "%s: %s", *name,
                          other ? action_fact(other) : "there is no such patch");
        r = answer(a, "requires", true, "%s", *name);
        if (r < 0)
            return r;
    }
    return 1;
}

static int compare_modules(const void *a, const void *b) {
    const struct patch_info *one = a, *other = b;

    return patch_name_compare(one->module_name, other->module_name);
}

/* The kernel has one module of a name: it belongs to the patch that has loaded it, or to the first
 * that loads it. */
static int check_namesake(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const struct snapshot *s = p->snapshot;
    const struct patch_info *info = s->patch_infos + a->index, *const *found;

    found = info->module_name ? tfind(info, &p->modules, compare_modules) : NULL;
    if (!found || *found == info)
        return 1;
    decide(a, ACTION_FAIL, EXIT_STATUS_FAILED);
    return answer(a, "namesake", false, "its module has the same name %s as that of %s, which is "
                                        "loaded, or will be before",
                  (*found)->module_name, s->manifests.entries[*found - s->patch_infos].name);
}

static int take_module_name(struct planner *p, size_t index) {
    const struct patch_info *info = p->snapshot->patch_infos + index;

    return info->module_name && !tsearch(info, &p->modules, compare_modules) ? -ENOMEM : 0;
}

/* Names of loaded modules belong to the patches that loaded them, whatever the order. */
static int take_loaded_modules(struct planner *p) {
    const struct snapshot *s = p->snapshot;
    int r = 0;

    for (size_t i = 0; i < s->results.n_results && r >= 0; i++) {
        const struct result *result = s->results.results + i;
        size_t index = result->loaded ? snapshot_find(s, result->name) : SIZE_MAX;
        const struct livepatch *in = index == SIZE_MAX ? NULL : snapshot_livepatch(s, index);

        if (in && in->registered && s->manifests.entries[index].error_number == 0 &&
            s->manifests.entries[index].manifest.enabled)
            r = take_module_name(p, index);
    }
    return r;
}

static bool is_unloaded_before(const struct planner *p, const char *name) {
    for (size_t k = 0; k < p->n_unloads; k++)
        if (patch_name_equal(p->plan->actions[k].name, name))
            return true;
    return false;
}

/* Whether the kernel has the patch of that name, and is not removing it. */
static bool stays_in(const struct planner *p, const char *name) {
    size_t i = snapshot_find(p->snapshot, name);
    const struct livepatch *in = i == SIZE_MAX ? livepatch_list_find(&p->snapshot->loaded, name)
                                               : snapshot_livepatch(p->snapshot, i);

    if (!in || !in->registered)
        return false;
    return !is_unloaded_before(p, name);
}

/* Checks the patches that this one names, and those before it or in the kernel that name this
 * one. */
static int check_conflicts(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    if (p->snapshot->patch_infos[a->index].tried)
        return 1;
    decide(a, ACTION_FAIL, EXIT_STATUS_FAILED);
    STRV_FOREACH(name, entry->manifest.conflicts)
        if (goes_in(decided(p, *name)) || stays_in(p, *name))
            return answer(a, "conflicts", false, "%s is loaded, or will be before", *name);
    if (p->opponents[a->index])
        return answer(a, "conflicts", false, "%s is loaded, or will be before, and says "
                                             "Conflicts=%s",
                      p->opponents[a->index], entry->name);
    return 1;
}

static void oppose(struct planner *p, const struct manifest_entry *entry) {
    STRV_FOREACH(name, entry->manifest.conflicts) {
        size_t other = snapshot_find(p->snapshot, *name);

        if (other != SIZE_MAX && !p->opponents[other])
            p->opponents[other] = entry->name;
    }
}

static void oppose_by_loaded(struct planner *p) {
    const struct manifest_list *l = &p->snapshot->manifests;

    for (size_t i = 0; i < l->n_entries; i++)
        if (l->entries[i].error_number == 0 && l->entries[i].manifest.conflicts &&
            stays_in(p, l->entries[i].name))
            oppose(p, l->entries + i);
}

/* Checked before the gate, which needs the policy. */
static int check_policy(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = gate_check_policy(p->snapshot->policy_error, &p->snapshot->policy_problem, &e);
    if (r >= 0)
        return 1;
    decide(a, ACTION_FAIL, e.exit_status);
    a->hint = GATE_POLICY_HINT;
    return answer(a, gate_step_to_string(GATE_POLICY), false, "%s", error_message(&e, r));
}

static int answer_signature(struct action *a, const struct snapshot *s, const struct patch_info *info) {
    const char *policy = signature_policy_to_string(s->policy.signature);

    if (!info->trust || info->gate_result == GATE_LATER)
        return answer(a, "signature", true, "Signature=%s, to be checked at the load", policy);
    return answer(a, "signature", true, "Signature=%s, and this is %s", policy,
                  verdict_to_string(info->trust->verdict));
}

static int answer_ledger(struct action *a, const struct snapshot *s, const struct patch_info *info) {
    const struct guard_moment moment = snapshot_guard_moment(s);
    _cleanup_free_ char *fact = NULL;

    if (info->fallen_back)
        return answer(a, gate_step_to_string(GATE_LEDGER), true,
                      "the installed build is quarantined (%s), and the last confirmed one takes its place",
                      info->fallen_back);
    fact = guard_describe(info->ledger.name ? &info->ledger : NULL, &moment);

    return fact ? answer(a, gate_step_to_string(GATE_LEDGER), true, "%s", fact) : -ENOMEM;
}

/* The gate's result for the file. The load asks the gate again about the bytes that it loads; a
 * file that was not read, or must not be read, is left to the load. */
static int check_gate(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const struct patch_info *info = p->snapshot->patch_infos + a->index;
    const struct kernel_facts *facts = &p->snapshot->facts;
    const struct manifest_kernel *kernel =
        facts->release ? manifest_kernel_for(&entry->manifest, facts->release) : NULL;
    bool readable = info->gate_refusal.exit_status != EXIT_STATUS_PRIVILEGE;
    int r = 1;

    if (info->gate_asked && info->gate_result < 0 && readable) {
        decide(a, ACTION_FAIL, info->gate_refusal.exit_status);
        a->hint = info->gate_refusal.hint;
        a->error_number = info->gate_result;
        return answer(a, gate_step_to_string(info->gate_step), false, "%s",
                      error_message(&info->gate_refusal, info->gate_result));
    }
    if (info->gate_asked && info->sha256) {
        if (kernel && kernel->sha256)
            r = answer(a, "pin", true, "its SHA256 is that of the manifest");
        if (r >= 0 && facts->release)
            r = answer(a, "form", true, "a live patch for %s", facts->release);
    }
    if (r >= 0)
        r = answer_signature(a, p->snapshot, info);
    return r >= 0 && info->gate_asked && info->sha256 ? answer_ledger(a, p->snapshot, info) : r;
}

/* Not checked if no signatures are required. A manifest that was not checked is refused. */
static int check_manifest_signature(struct planner *p, struct action *a,
                                    const struct manifest_entry *entry) {
    const struct patch_info *info = p->snapshot->patch_infos + a->index;

    if (!p->snapshot->policy.signed_manifests)
        return 1;
    decide(a, ACTION_FAIL, EXIT_STATUS_REFUSED);
    switch (info->manifest_signature) {
    case MANIFEST_SIGNED:
        return answer(a, "manifest-signature", true, "SignedManifests=yes, and it is signed");
    case MANIFEST_LATER:
        return answer(a, "manifest-signature", true,
                      "SignedManifests=yes, to be checked at the load");
    case MANIFEST_REFUSED:
    case MANIFEST_UNCHECKED:
        break;
    }
    a->hint = info->manifest_hint;
    return answer(a, "manifest-signature", false, "%s",
                  info->manifest_error ?: "SignedManifests=yes, and its signature was not checked");
}

/* What lpd has loaded is lpd's to replace, unless the kernel would unload it and load nothing again. */
static int answer_other_build(const struct snapshot *s, struct action *a, const struct livepatch *in,
                              const struct patch_info *info) {
    const struct result *loader = result_list_find(&s->results, s->manifests.entries[a->index].name);

    a->replaces = s->replaces_builds && loader && loader->loaded && s->facts.modules_disabled != 1;
    decide(a, a->replaces ? ACTION_LOAD : ACTION_FAIL, a->replaces ? EXIT_STATUS_DONE : EXIT_STATUS_FAILED);
    return answer(a, "loaded", a->replaces, "another build is loaded: %s instead of %s",
                  in->build_id ?: "one without a build id", info->build_id ?: "one without");
}

static int check_loaded(struct planner *p, struct action *a, const struct manifest_entry *entry) {
    const struct livepatch *in = snapshot_livepatch(p->snapshot, a->index);
    const struct patch_info *info = p->snapshot->patch_infos + a->index;
    const char *by = snapshot_replaced_by(p->snapshot, a->index);

    if (by && is_unloaded_before(p, by)) {
        decide(a, ACTION_LOAD, EXIT_STATUS_DONE);
        return answer(a, "loaded", true, "it was replaced by %s, which is unloaded", by);
    }
    if (by) {
        decide(a, ACTION_KEEP, EXIT_STATUS_DONE);
        return answer(a, "loaded", true, "replaced by %s, which is cumulative", by);
    }
    if (!in || !in->enabled) {
        decide(a, ACTION_LOAD, EXIT_STATUS_DONE);
        return answer(a, "loaded", true, !in              ? "it is not loaded"
                                         : in->transition ? "it is being disabled"
                                                          : "it is loaded, but disabled");
    }
    if (info->sha256 || info->build_id) {
        enum build build = snapshot_build(p->snapshot, a->index);

        if (build == BUILD_OTHER)
            return answer_other_build(p->snapshot, a, in, info);
        decide(a, ACTION_FAIL, EXIT_STATUS_FAILED);
        if (build == BUILD_UNKNOWN)
            return answer(a, "loaded", false,
                          "it is unknown which build is loaded: it has no build id, and its load "
                          "is not recorded");
    }
    decide(a, ACTION_KEEP, EXIT_STATUS_DONE);
    return answer(a, "loaded", true, "it is loaded already");
}

static int (*const checks[])(struct planner *, struct action *, const struct manifest_entry *) = {
    check_manifest,   check_switches, check_enabled,  check_unit,     check_stage,
    check_tags,       check_rollout,  check_kernel,    check_module,  check_superseded,
    check_order,      check_namesake, check_requires,  check_conflicts, check_policy,
    check_manifest_signature, check_gate, check_loaded,
};

static int decide_patch(struct planner *p, struct action *a) {
    const struct manifest_entry *entry = p->snapshot->manifests.entries + a->index;
    int r;

    for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
        r = checks[i](p, a, entry);
        if (r <= 0)
            return r;
    }
    return 0;
}

static int planner_init(struct planner *p, const struct snapshot *s, const struct plan *plan) {
    size_t n = MAX(s->manifests.n_entries, (size_t) 1);

    *p = (struct planner){
        .snapshot = s,
        .plan = plan,
        .by_index = calloc(n, sizeof(*p->by_index)),
        .opponents = calloc(n, sizeof(*p->opponents)),
    };
    return p->by_index && p->opponents ? order_make(&s->manifests, &p->order) : -ENOMEM;
}

/* Whether another patch's manifest has that module: the manifest was renamed, or written for a
 * patch that was loaded from a file. */
static bool has_heir(const struct snapshot *s, const char *module_name) {
    for (size_t i = 0; i < s->manifests.n_entries; i++) {
        const struct manifest_entry *entry = s->manifests.entries + i;
        const char *name = s->patch_infos[i].module_name;

        if (entry->error_number == 0 && entry->manifest.enabled && name && patch_name_equal(name, module_name))
            return true;
    }
    return false;
}

/* Whether lpd loaded that patch and it no longer applies. One that was loaded from a file never had a
 * manifest that could be gone. */
static bool is_to_be_unloaded(const struct snapshot *s, const struct result *result) {
    const struct livepatch *in =
        livepatch_list_find(&s->loaded, result->module_name ?: result->name);
    size_t i = snapshot_find(s, result->name);

    if (!in || !in->registered || !result->loaded)
        return false;
    if (i == SIZE_MAX)
        return !s->partial && !result->from_file && !has_heir(s, in->name);
    return s->manifests.entries[i].error_number == 0 && !s->manifests.entries[i].manifest.enabled;
}

static int plan_unloads(const struct snapshot *s, struct plan *plan) {
    /* The last patch loaded is unloaded first. Results are in the order of names, which is close
     * enough to the order of loading, because patches do not depend on each other in the kernel. */
    for (size_t i = s->results.n_results; i > 0; i--) {
        const struct result *result = s->results.results + i - 1;
        struct action *a = plan->actions + plan->n_actions;
        int r;

        if (!is_to_be_unloaded(s, result))
            continue;
        *a = (struct action){ .type = ACTION_UNLOAD, .index = SIZE_MAX, .name = strdup(result->name) };
        plan->n_actions++;
        r = a->name ? answer(a, "manifest", false, "%s",
                             snapshot_find(s, result->name) == SIZE_MAX ? "its manifest is gone"
                                                                        : "Enabled=no")
                    : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

static int plan_load(struct planner *p, struct action *a, size_t index) {
    const struct manifest_entry *entry = p->snapshot->manifests.entries + index;
    int r;

    *a = (struct action){ .index = index, .name = strdup(entry->name) };
    if (!a->name)
        return -ENOMEM;
    r = decide_patch(p, a);
    if (r < 0)
        return r;
    p->by_index[index] = a;
    if (!goes_in(a))
        return 0;
    oppose(p, entry);
    return take_module_name(p, index);
}

static int plan_loads(struct planner *p, struct plan *plan) {
    int r = 0;

    for (size_t i = 0; i < p->snapshot->manifests.n_entries && r >= 0; i++)
        r = plan_load(p, plan->actions + plan->n_actions++, p->order.sequence[i]);
    return r;
}

int plan_make(const struct snapshot *s, struct plan *ret) {
    _cleanup_(planner_done) struct planner p = {};
    _cleanup_(plan_done) struct plan plan = {};
    int r;

    r = planner_init(&p, s, &plan);
    if (r < 0)
        return r;
    plan.actions = calloc(s->manifests.n_entries + s->results.n_results + 1, sizeof(*plan.actions));
    if (!plan.actions)
        return -ENOMEM;
    r = plan_unloads(s, &plan);
    if (r < 0)
        return r;
    p.n_unloads = plan.n_actions;
    oppose_by_loaded(&p);
    r = take_loaded_modules(&p);
    if (r < 0)
        return r;
    r = plan_loads(&p, &plan);
    if (r < 0)
        return r;
    plan.by_manifest = TAKE_PTR(p.by_index);
    *ret = TAKE_STRUCT(plan);
    return 0;
}
