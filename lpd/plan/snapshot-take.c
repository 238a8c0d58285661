/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/realtime.h"
#include "base/strv.h"
#include "config/machine-id.h"
#include "config/machine-tags.h"
#include "config/name.h"
#include "livepatch/sysfs.h"
#include "module/file.h"
#include "store/store.h"
#include "plan/snapshot.h"
#include "state/conflicts.h"
#include "state/overrides.h"
#include "system/kernel-settings.h"
#include "system/unit-mask.h"
#include "trust/manifest.h"

/* Describes the patch by its module file. */
static int describe_module(struct module_file *f, struct patch_info *info) {
    int r;

    module_file_sha256(f);
    r = string_set(&info->module_name, f->info.name);
    if (r >= 0)
        r = string_set(&info->build_id, f->info.build_id);
    if (r >= 0)
        r = string_set(&info->vermagic, f->info.vermagic);
    if (r >= 0)
        r = string_set(&info->sha256, f->sha256);
    if (r >= 0)
        r = string_set(&info->srcversion, f->info.srcversion);
    info->fixes = strv_free(info->fixes);
    STRV_FOREACH(fix, f->info.fixes)
        if (r >= 0)
            r = strv_extend(&info->fixes, *fix);
    return r;
}

/* A record that cannot be read is a fault that the gate describes. */
static int see_ledger(const struct host *h, const struct snapshot *s, const struct module_file *f,
                      struct patch_info *info) {
    int r;

    ledger_build_done(&info->ledger);
    r = s->facts.release ? ledger_read(h, s->facts.release, f->sha256, &info->ledger) : 0;
    return r == -ENOMEM ? r : 0;
}

static int ask_gate(struct host *h, const struct snapshot *s, size_t i, unsigned flags,
                    struct patch_info *info) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(trust_report_done) struct trust_report trust = {};
    struct trust_machine machine;
    const struct gate gate = snapshot_gate(s, i, &machine);
    int r;

    info->gate_step = GATE_FILE;
    r = module_file_open(h, info->module_path, &f, &info->gate_refusal);
    if (r < 0)
        return r;
    r = describe_module(&f, info);
    if (r >= 0)
        r = see_ledger(h, s, &f, info);
    if (r < 0)
        return r;
    r = gate_check(h, &gate, &f, flags, &trust, &info->gate_step, &info->gate_refusal);
    if (r == -ENOMEM || trust.n_steps == 0)
        return r;
    info->trust = calloc(1, sizeof(*info->trust));
    if (!info->trust)
        return -ENOMEM;
    *info->trust = TAKE_STRUCT(trust);
    return r;
}

static void forget_gate(struct patch_info *info) {
    error_done(&info->gate_refusal);
    if (info->trust)
        trust_report_done(info->trust);
    free(info->trust);
    info->trust = NULL;
}

/* What of a patch_info is about the module file. */
static void swap_files(struct patch_info *a, struct patch_info *b) {
#define SWAP(field)                                                                                \
    do {                                                                                           \
        typeof(a->field) _field = a->field;                                                        \
        a->field = b->field;                                                                       \
        b->field = _field;                                                                         \
    } while (0)
    SWAP(module_path);
    SWAP(module_name);
    SWAP(build_id);
    SWAP(vermagic);
    SWAP(sha256);
    SWAP(srcversion);
    SWAP(fixes);
    SWAP(gate_result);
    SWAP(gate_step);
    SWAP(gate_refusal);
    SWAP(ledger);
    SWAP(trust);
#undef SWAP
}

/* The installed build is quarantined. If the last confirmed one passes the gate, it takes its
 * place. */
static int fall_back(struct host *h, const struct snapshot *s, size_t i, unsigned flags) {
    const struct guard_moment moment = snapshot_guard_moment(s);
    _cleanup_(patch_info_done) struct patch_info other = {};
    struct patch_info *info = s->patch_infos + i;
    int r;

    r = store_find_confirmed(h, info->module_path, &other.module_path);
    if (r >= 0)
        r = other.gate_result = ask_gate(h, s, i, flags, &other);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    info->fallen_back = guard_reason(&info->ledger, &moment);
    swap_files(info, &other);
    return info->fallen_back ? 0 : -ENOMEM;
}

int snapshot_ask_gate(struct host *h, struct snapshot *s, size_t i, unsigned flags) {
    struct patch_info *info = s->patch_infos + i;

    if (!info->module_path)
        return 0;
    forget_gate(info);
    info->gate_asked = true;
    info->gate_result = ask_gate(h, s, i, flags, info);
    if (info->gate_result == -EOWNERDEAD)
        return fall_back(h, s, i, flags);
    return info->gate_result == -ENOMEM ? -ENOMEM : 0;
}

static int read_modules(struct host *h, struct snapshot *s, unsigned flags) {
    bool signatures = flags & SNAPSHOT_SIGNATURES && geteuid() == 0;

    for (size_t i = 0; i < s->manifests.n_entries; i++) {
        int r = snapshot_ask_gate(h, s, i, signatures ? 0 : GATE_BYTES_ONLY);

        if (r < 0)
            return r;
    }
    return 0;
}

/* The names under which the kernel may know patches that it no longer lists. */
static int known_modules(const struct snapshot *s, char ***names) {
    int r = 0;

    for (size_t i = 0; i < s->manifests.n_entries && r >= 0; i++)
        r = strv_extend(names, snapshot_module_name(s, i));
    for (size_t i = 0; i < s->results.n_results && r >= 0; i++)
        r = strv_extend(names, s->results.results[i].module_name ?: s->results.results[i].name);
    return r;
}

/* A reason for which systemd would not start the unit, whatever the manifest says. */
static int see_units(const struct host *h, struct snapshot *s) {
    _cleanup_free_ char *target = NULL;
    int r;

    r = unit_mask_find(h, "livepatch.target", &target);
    for (size_t i = 0; i < s->manifests.n_entries && r >= 0; i++) {
        _cleanup_free_ char *unit = NULL, *mask = NULL;

        if (asprintf(&unit, "livepatch@%s.service", s->manifests.entries[i].name) < 0)
            return -ENOMEM;
        r = unit_mask_find(h, unit, &mask);
        if ((r > 0 || target) && asprintf(&s->patch_infos[i].unit_problem, "%s is masked: %s",
                                          r > 0 ? unit : "livepatch.target", r > 0 ? mask : target) < 0)
            return -ENOMEM;
    }
    return MIN(r, 0);
}

/* Everything but manifests, modules and results. */
static int see_machine(struct host *h, struct snapshot *s) {
    int r;

    s->in_initrd = h->initrd || file_exists(h, "/etc/initrd-release");
    s->disable_file = file_exists(h, "/etc/lpd/disable");
    s->offline = !h->live;
    r = cmdline_read(h, s->in_initrd, &s->switches);
    if (r == -ENOMEM)
        return r;
    s->clock_usec = realtime_usec();
    r = machine_id_read(h, s->in_initrd, &s->switches, &s->machine_id);
    if (r != -ENOMEM && !s->in_initrd)
        r = machine_tags_read(h, &s->machine_tags);
    if (r == -ENOMEM)
        return r;
    r = kernel_facts_read(h, &s->facts);
    if (r < 0)
        return r;
    if (lock_record_read(h, &s->lock) == -ENOMEM)
        return -ENOMEM;
    r = s->facts.modules_disabled == 1 ? refused_loads_record_read(h, &s->refused) : -ENOENT;
    if (r == -ENOMEM)
        return r;
    s->refused_known = r >= 0;
    s->early_known = early_record_read(h, &s->early) >= 0;
    r = s->policy.store_device ? volume_record_read(h, &s->volume) : 0;
    return r == -ENOMEM ? r : 0;
}

/* For a load an unknown answer counts as no; a command that only reports leaves it to the load. */
static int see_signature(struct host *h, struct snapshot *s, size_t i, bool loading) {
    const struct trust_machine machine = snapshot_trust_machine(s);
    _cleanup_(error_done) struct error e = ERROR_NULL;
    struct patch_info *info = s->patch_infos + i;
    int r;

    r = trust_check_manifest(h, &machine, &s->manifests.entries[i].manifest, &e);
    if (r == -ENOMEM)
        return r;
    if (r >= 0)
        info->manifest_signature = MANIFEST_SIGNED;
    else if (r == -EOPNOTSUPP && !loading)
        info->manifest_signature = MANIFEST_LATER;
    else
        info->manifest_signature = MANIFEST_REFUSED;
    if (info->manifest_signature != MANIFEST_REFUSED)
        return 0;
    r = string_set(&info->manifest_error, error_message(&e, r));
    return r < 0 ? r : string_set(&info->manifest_hint, e.hint);
}

/* Whether the signature of the manifest matters here and now: checking it costs a few
 * milliseconds. */
static bool is_of_use(const struct snapshot *s, size_t i) {
    const struct manifest_entry *entry = s->manifests.entries + i;

    return entry->error_number == 0 && entry->manifest.enabled && s->patch_infos[i].module_path;
}

int snapshot_before_load(struct host *h, struct snapshot *s, size_t i) {
    if (!s->policy.signed_manifests || s->manifests.entries[i].error_number < 0)
        return 0;
    return see_signature(h, s, i, /* loading= */ true);
}

/* With a name that patch is about to be loaded; the signatures of others are checked at their own
 * loads. */
static int see_signatures(struct host *h, const char *name, struct snapshot *s) {
    size_t loading = name ? snapshot_find(s, name) : SIZE_MAX;
    int r = 0;

    for (size_t i = 0; i < s->manifests.n_entries && r >= 0; i++)
        if (i == loading ? s->manifests.entries[i].error_number == 0 : !name && is_of_use(s, i))
            r = see_signature(h, s, i, i == loading);
        else
            s->patch_infos[i].manifest_signature = MANIFEST_LATER;
    return r;
}

static int see_livepatches(const struct host *h, struct snapshot *s, struct error *e) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = known_modules(s, &names);
    if (r >= 0)
        r = livepatch_list_read(h, names, &s->loaded);
    if (r < 0 && r != -ENOMEM)
        return error_set(e, r, EXIT_STATUS_FAILED, LIVEPATCH_DIRECTORY ": %s", strerror(-r));
    return r;
}

/* Replaces what was known of that patch before. */
static int add_result(struct snapshot *s, struct result *r) {
    struct result *old = (struct result *) result_list_find(&s->results, r->name);
    struct result *grown;

    if (!old) {
        grown = reallocarray(s->results.results, s->results.n_results + 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        s->results.results = grown;
        old = grown + s->results.n_results++;
        *old = (struct result){};
    }
    result_done(old);
    *old = TAKE_STRUCT(*r);
    return 0;
}

int snapshot_after_load(struct host *h, struct snapshot *s, size_t i, struct result *result) {
    bool loaded = result->loaded;
    int r;

    r = result->module_name ? string_set(&s->patch_infos[i].module_name, result->module_name) : 0;
    if (r >= 0)
        r = add_result(s, result);
    if (r < 0 || !loaded)
        return r;
    livepatch_list_done(&s->loaded);
    return see_livepatches(h, s, NULL);
}

static int see_patches(struct host *h, unsigned flags, struct snapshot *s, struct error *e) {
    int r;

    r = result_list_read(h, &s->results);
    if (r >= 0)
        r = snapshot_find_modules(h, s);
    if (r >= 0 && (flags & SNAPSHOT_MODULES))
        r = read_modules(h, s, flags);
    if (r >= 0 && (flags & SNAPSHOT_MODULES) && !s->in_initrd)
        r = see_units(h, s);
    if (r >= 0 && s->policy.signed_manifests && (flags & SNAPSHOT_MODULES))
        r = see_signatures(h, NULL, s);
    return r < 0 ? r : see_livepatches(h, s, e);
}

static int see_policy(struct host *h, struct snapshot *s) {
    int r = policy_load(h, &s->policy, &s->policy_problem);

    s->policy_error = MIN(r, 0);
    return r == -ENOMEM ? r : 0;
}

/* Without privileges, what lpd.service has found out. */
static int see_overrides(struct host *h, struct snapshot *s) {
    int r = override_list_read(h, &s->loaded, &s->overrides);

    if (r < 0)
        (void) override_record_read(h, &s->overrides);
    return r;
}

int snapshot_take(struct host *h, unsigned flags, struct snapshot *ret, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    int r;

    r = see_policy(h, &s);
    if (r >= 0 && !(flags & SNAPSHOT_NO_PATCHES))
        r = manifest_list_load(h, &s.policy, &s.manifests, e);
    if (r < 0)
        return r;
    r = see_machine(h, &s);
    if (r >= 0 && !(flags & SNAPSHOT_NO_PATCHES) && !s.in_initrd)
        r = kernel_settings_find(h, &s.switches, &s.kernel_settings);
    if (r >= 0 && !(flags & SNAPSHOT_NO_PATCHES))
        r = see_patches(h, flags, &s, e);
    if (r >= 0)
        s.overrides_error = flags & SNAPSHOT_OVERRIDES ? see_overrides(h, &s) : -ENODATA;
    if (r < 0)
        return error_prefix(e, r, "cannot read the state of the machine");
    *ret = TAKE_STRUCT(s);
    return 0;
}

/* What the load of one patch has to know, while it is being collected. */
struct search {
    const struct host *h;
    const char *name;
    struct snapshot *s;
    char **tried;
};

/* A patch that was loaded earlier in this boot needs no second check of its relations; otherwise
 * each patch of a chain would check all those before it. That earlier load knew no more about a
 * cycle or an invalid manifest either. */
static bool was_tried(const struct host *h, const struct result *r, const char *name) {
    if (livepatch_flag_read(h, r->module_name ?: name, "enabled") > 0)
        return true;
    return r->action && !streq(r->action, "unload") && r->exit_status != EXIT_STATUS_CONFIG;
}

static int compare_names(const void *a, const void *b) {
    return patch_name_compare(*(char *const *) a, *(char *const *) b);
}

/* Adds patches that lpd did not load: their conflicts are not recorded. */
static int add_strangers(const struct host *h, char ***names) {
    _cleanup_strv_free_ char **in = NULL, **known = NULL;
    int r;

    r = file_list(h, LIVEPATCH_DIRECTORY, &in);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = result_list_names(h, &known);
    if (r < 0)
        return r;
    if (known)
        qsort(known, strv_length(known), sizeof(char *), compare_names);
    STRV_FOREACH(name, in)
        if (r >= 0 && !(known && bsearch(name, known, strv_length(known), sizeof(char *), compare_names)))
            r = strv_extend(names, *name);
    return r;
}

static int add_opponents(const struct search *search, char ***names) {
    _cleanup_strv_free_ char **noted = NULL;
    int r;

    r = conflicts_read(search->h, search->name, &noted);
    STRV_FOREACH(name, noted)
        if (r >= 0)
            r = strv_extend(names, *name);
    return r < 0 ? r : add_strangers(search->h, names);
}

static int follow(void *userdata, const struct manifest_entry *entry, char ***names) {
    char *const *const lists[] = { entry->manifest.requires, entry->manifest.after,
                                   entry->manifest.conflicts };
    _cleanup_(result_done) struct result result = {};
    struct search *search = userdata;
    bool itself = patch_name_equal(entry->name, search->name), tried;
    int r;

    r = result_read(search->h, entry->name, &result);
    if (r == -ENOMEM)
        return r;
    tried = !itself && was_tried(search->h, &result, entry->name);
    r = result.name ? add_result(search->s, &result) : 0;
    if (r >= 0 && tried)
        return strv_extend(&search->tried, entry->name);
    for (size_t i = 0; entry->error_number == 0 && i < ELEMENTSOF(lists); i++)
        STRV_FOREACH(name, lists[i])
            if (r >= 0 && !strv_contains(*names, *name))
                r = strv_extend(names, *name);
    return r >= 0 && itself ? add_opponents(search, names) : r;
}

/* Whether any other patch of the machine may have replaced one of them. */
static bool may_be_replaced(const struct snapshot *s) {
    for (size_t i = 0; i < s->loaded.n_patches; i++)
        if (s->loaded.patches[i].module_loaded && !s->loaded.patches[i].registered)
            return true;
    return false;
}

static int see_loaded(const struct host *h, struct snapshot *s, char ***names) {
    int r;

    r = known_modules(s, names);
    if (r >= 0)
        r = livepatch_list_read_some(h, *names, &s->loaded);
    if (r < 0 || !may_be_replaced(s))
        return r;
    livepatch_list_done(&s->loaded);
    result_list_done(&s->results);
    r = result_list_read(h, &s->results);
    return r < 0 ? r : livepatch_list_read(h, *names, &s->loaded);
}

static int see_related(struct host *h, const char *name, struct snapshot *s, struct error *e) {
    struct search search = { .h = h, .name = name, .s = s };
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = strv_extend(&names, name);
    if (r >= 0)
        r = manifest_list_load_some(h, &s->policy, &names, follow, &search, &s->manifests, e);
    if (r >= 0 && !manifest_list_find(&s->manifests, name))
        r = error_set(e, -ENOENT, EXIT_STATUS_NO_PATCH, "there is no patch %s", name);
    if (r >= 0)
        r = snapshot_find_modules(h, s);
    for (size_t i = 0; i < s->manifests.n_entries && r >= 0; i++)
        s->patch_infos[i].tried = strv_contains(search.tried, s->manifests.entries[i].name);
    strv_free(search.tried);
    if (r >= 0 && s->policy.signed_manifests)
        r = see_signatures(h, name, s);
    return r < 0 ? r : see_loaded(h, s, &names);
}

int snapshot_take_for_loads(struct host *h, struct snapshot *ret, struct error *e) {
    int r;

    r = snapshot_take(h, 0, ret, e);
    for (size_t i = 0; r >= 0 && i < ret->manifests.n_entries; i++)
        ret->patch_infos[i].manifest_signature = MANIFEST_LATER;
    return r;
}

int snapshot_take_one(struct host *h, const char *name, struct snapshot *ret, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = { .partial = true };
    int r;

    r = see_policy(h, &s);
    if (r >= 0)
        r = see_machine(h, &s);
    if (r >= 0)
        r = see_related(h, name, &s, e);
    if (r < 0)
        return e && e->message ? r : error_prefix(e, r, "cannot read the state of the machine");
    *ret = TAKE_STRUCT(s);
    return 0;
}
