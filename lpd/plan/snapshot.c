/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "guard/check.h"
#include "plan/snapshot.h"
#include "store/store.h"

void patch_info_done(struct patch_info *s) {
    free(s->module_path);
    free(s->module_name);
    free(s->build_id);
    free(s->vermagic);
    free(s->sha256);
    free(s->srcversion);
    strv_free(s->fixes);
    error_done(&s->gate_refusal);
    ledger_build_done(&s->ledger);
    free(s->fallen_back);
    free(s->manifest_error);
    free(s->manifest_hint);
    free(s->unit_problem);
    if (s->trust)
        trust_report_done(s->trust);
    free(s->trust);
}

void snapshot_done(struct snapshot *s) {
    if (s->patch_infos)
        for (size_t i = 0; i < s->manifests.n_entries; i++)
            patch_info_done(s->patch_infos + i);
    free(s->patch_infos);
    manifest_list_done(&s->manifests);
    policy_done(&s->policy);
    error_done(&s->policy_problem);
    cmdline_switches_done(&s->switches);
    free(s->early_place);
    free(s->machine_id);
    strv_free(s->machine_tags);
    strv_free(s->kernel_settings);
    kernel_facts_done(&s->facts);
    livepatch_list_done(&s->loaded);
    override_list_done(&s->overrides);
    result_list_done(&s->results);
    lock_record_done(&s->lock);
    refused_loads_record_done(&s->refused);
    volume_record_done(&s->volume);
    *s = (struct snapshot){};
}

size_t snapshot_find(const struct snapshot *s, const char *name) {
    const struct manifest_entry *entry = manifest_list_find(&s->manifests, name);

    return entry ? (size_t) (entry - s->manifests.entries) : SIZE_MAX;
}

const char *snapshot_module_name(const struct snapshot *s, size_t i) {
    return s->patch_infos[i].module_name ?: s->manifests.entries[i].name;
}

const struct livepatch *snapshot_livepatch(const struct snapshot *s, size_t i) {
    return livepatch_list_find(&s->loaded, snapshot_module_name(s, i));
}

const char *snapshot_replaced_by(const struct snapshot *s, size_t i) {
    const struct livepatch *self = snapshot_livepatch(s, i);
    const struct result *own = result_list_find(&s->results, s->manifests.entries[i].name);

    if (!self || !self->module_loaded || self->registered)
        return NULL;
    /* If it was unloaded on request, it is disabled and was not replaced. */
    if (own && !own->loaded)
        return NULL;
    for (size_t k = 0; k < s->results.n_results; k++) {
        const struct result *result = s->results.results + k;
        const char *name = result->module_name ?: result->name;
        const struct livepatch *other = livepatch_list_find(&s->loaded, name);

        if (other && other->enabled && other->replace != 0 && result_is_over(result, self->name, own))
            return result->name;
    }
    return NULL;
}

const char *snapshot_loaded_sha256(const struct snapshot *s, size_t i) {
    const struct result *result = result_list_find(&s->results, s->manifests.entries[i].name);

    return result && result->loaded && snapshot_livepatch(s, i) ? result->sha256 : NULL;
}

enum build snapshot_build(const struct snapshot *s, size_t i) {
    const struct livepatch *in = snapshot_livepatch(s, i);
    const struct patch_info *info = s->patch_infos + i;

    if (!in)
        return BUILD_UNKNOWN;
    return build_compare(in, snapshot_loaded_sha256(s, i), info->build_id, info->sha256);
}

/* Whether a build is installed that could be loaded instead. */
static bool is_installed(const struct patch_info *info) {
    return info->gate_asked && info->gate_result >= 0 && info->sha256;
}

bool snapshot_is_in(const struct snapshot *s, size_t i) {
    const struct livepatch *in = snapshot_livepatch(s, i);

    if (snapshot_replaced_by(s, i))
        return true;
    if (!in || !in->registered || !in->enabled || snapshot_is_quarantined(s, i))
        return false;
    return !is_installed(s->patch_infos + i) || snapshot_build(s, i) == BUILD_SAME;
}

static int find_module(const struct host *h, struct snapshot *s, size_t i) {
    const struct manifest_entry *entry = s->manifests.entries + i;
    const struct result *result = result_list_find(&s->results, entry->name);
    struct patch_info *info = s->patch_infos + i;
    int r;

    if (result && result->module_name) {
        r = string_set(&info->module_name, result->module_name);
        if (r < 0)
            return r;
    }
    if (entry->error_number < 0 || !s->facts.release)
        return 0;
    r = store_find_module_of(h, s->facts.release, &entry->manifest, &info->module_path);
    return r == -ENOENT ? 0 : r;
}

int snapshot_find_modules(const struct host *h, struct snapshot *s) {
    int r;

    s->patch_infos = calloc(MAX(s->manifests.n_entries, (size_t) 1), sizeof(*s->patch_infos));
    if (!s->patch_infos)
        return -ENOMEM;
    for (size_t i = 0; i < s->manifests.n_entries; i++) {
        r = find_module(h, s, i);
        if (r < 0)
            return r;
    }
    return 0;
}

struct gate snapshot_gate(const struct snapshot *s, size_t i, struct trust_machine *machine) {
    const struct manifest_entry *entry = i == SIZE_MAX ? NULL : s->manifests.entries + i;
    bool pinned = entry && entry->error_number == 0 && s->facts.release;

    *machine = snapshot_trust_machine(s);
    return (struct gate){
        .machine = machine,
        .policy_error = s->policy_error,
        .policy_problem = &s->policy_problem,
        .kernel = pinned ? manifest_kernel_for(&entry->manifest, s->facts.release) : NULL,
        .release = s->facts.release,
        .check_ledger = guard_check,
        .boot_id = s->facts.boot_id,
        .stage = s->in_initrd ? "initrd" : "system",
    };
}

struct guard_moment snapshot_guard_moment(const struct snapshot *s) {
    return (struct guard_moment){
        .boot_id = s->facts.boot_id,
        .stage = s->in_initrd ? "initrd" : "system",
        .max_attempts = s->policy.guard_max_attempts,
    };
}

bool snapshot_is_quarantined(const struct snapshot *s, size_t i) {
    const struct guard_moment moment = snapshot_guard_moment(s);
    const struct patch_info *info = s->patch_infos + i;

    return info->ledger.name && guard_judge(&info->ledger, &moment) == GUARD_QUARANTINED;
}

struct trust_machine snapshot_trust_machine(const struct snapshot *s) {
    return (struct trust_machine){
        .policy = &s->policy,
        .sig_enforce = s->facts.sig_enforce,
        .secure_boot = s->facts.secure_boot,
        .locked_down = s->facts.lockdown && !streq(s->facts.lockdown, "none"),
    };
}
