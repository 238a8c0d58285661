/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "livepatch/sysfs.h"
#include "module/file.h"
#include "plan/snapshot.h"
#include "trust/manifest.h"

/* What the module file says of itself. That it cannot be read is a fact as well. */
static int see_module(const struct host *h, struct patch_info *info) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = module_file_open_untrusted(h, info->module_path, &f, &e);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return string_set(&info->module_error, error_message(&e, r));

    module_file_sha256(&f);
    r = string_set(&info->module_name, f.info.name);
    if (r >= 0)
        r = string_set(&info->build_id, f.info.build_id);
    if (r >= 0)
        r = string_set(&info->vermagic, f.info.vermagic);
    if (r >= 0)
        r = string_set(&info->sha256, f.sha256);
    return r;
}

int snapshot_verify(struct host *h, struct snapshot *s, size_t i) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    const struct trust_machine machine = snapshot_trust_machine(s);
    struct patch_info *info = s->patch_infos + i;
    int r;

    if (!info->module_path || info->module_error)
        return 0;
    r = module_file_open(h, info->module_path, &f, &e);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return string_set(&info->module_error, error_message(&e, r));
    info->trust = calloc(1, sizeof(*info->trust));
    if (!info->trust)
        return -ENOMEM;
    return trust_verify_module(h, &machine, &f, TRUST_EXPLAIN, info->trust);
}

static int read_modules(const struct host *h, struct snapshot *s) {
    for (size_t i = 0; i < s->manifests.n_entries; i++) {
        int r = s->patch_infos[i].module_path ? see_module(h, s->patch_infos + i) : 0;

        if (r < 0)
            return r;
    }
    return 0;
}

/* The names under which the kernel may know patches that it no longer lists. */
static int known_modules(const struct snapshot *s, char ***ret) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    for (size_t i = 0; i < s->manifests.n_entries; i++) {
        r = strv_extend(&names, snapshot_module_name(s, i));
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < s->results.n_results; i++) {
        r = strv_extend(&names, s->results.results[i].module_name ?: s->results.results[i].name);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(names);
    return 0;
}

/* Everything but manifests and modules. */
static int see_machine(struct host *h, struct snapshot *s) {
    int r;

    s->in_initrd = h->initrd || file_exists(h, "/etc/initrd-release");
    s->disable_file = file_exists(h, "/etc/lpd/disable");
    s->offline = !h->live;
    r = cmdline_read(h, s->in_initrd, &s->switches);
    if (r == -ENOMEM)
        return r;
    r = file_read_line(h, "/etc/machine-id", &s->machine_id);
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
    r = s->policy.store_device ? volume_record_read(h, &s->volume) : 0;
    return r == -ENOMEM ? r : result_list_read(h, &s->results);
}

/* For a load, what cannot be told counts as no; for one that only looks it is left to the load. */
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

/* Whether the manifest decides anything here and now: asking costs a few milliseconds each. */
static bool is_of_use(const struct snapshot *s, size_t i) {
    const struct manifest_entry *entry = s->manifests.entries + i;

    return entry->error_number == 0 && entry->manifest.enabled && s->patch_infos[i].module_path;
}

/* With a name the load of that patch is at hand, and the others' signatures are for their own. */
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

static int see_the_rest(struct host *h, const char *name, unsigned flags, struct snapshot *s,
                        struct error *e) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = see_machine(h, s);
    if (r < 0)
        return r;
    r = snapshot_find_modules(h, s);
    if (r >= 0 && (flags & SNAPSHOT_MODULES))
        r = read_modules(h, s);
    if (r >= 0 && s->policy.signed_manifests && (name || flags & SNAPSHOT_MODULES))
        r = see_signatures(h, name, s);
    if (r < 0)
        return r;
    r = known_modules(s, &names);
    if (r < 0)
        return r;
    r = livepatch_list_read(h, names, &s->loaded);
    return r < 0 ? error_set(e, r, EXIT_STATUS_FAILED, LIVEPATCH_DIRECTORY ": %s", strerror(-r)) : r;
}

/* The policy says whether the bytes of the manifests will be asked for. */
static int see_manifests(struct host *h, struct snapshot *s, struct error *e) {
    int r;

    r = policy_load(h, &s->policy, &s->policy_problem);
    if (r == -ENOMEM)
        return r;
    s->policy_error = MIN(r, 0);
    return s->policy.signed_manifests ? manifest_list_load_sources(h, &s->manifests, e)
                                      : manifest_list_load(h, &s->manifests, e);
}

/* For a name: the machine as far as that patch is concerned, which is all of it, as any other patch
 * may say that it conflicts with this one. */
static int take(struct host *h, const char *name, unsigned flags, struct snapshot *ret,
                struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    int r;

    r = see_manifests(h, &s, e);
    if (r < 0)
        return r;
    if (name && !manifest_list_find(&s.manifests, name))
        return error_set(e, -ENOENT, EXIT_STATUS_NO_PATCH, "there is no patch %s", name);
    r = see_the_rest(h, name, flags, &s, e);
    if (r < 0)
        return error_prefix(e, r, "cannot look at the machine");
    *ret = TAKE_STRUCT(s);
    return 0;
}

int snapshot_take(struct host *h, unsigned flags, struct snapshot *ret, struct error *e) {
    return take(h, NULL, flags, ret, e);
}

int snapshot_take_one(struct host *h, const char *name, struct snapshot *ret, struct error *e) {
    return take(h, name, 0, ret, e);
}
