/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "boot/store.h"
#include "config/name.h"
#include "module/file.h"
#include "snapshot.h"

static void patch_sight_done(struct patch_sight *s) {
    free(s->module_path);
    free(s->module_name);
    free(s->build_id);
    free(s->vermagic);
    free(s->sha256);
    free(s->module_error);
}

void snapshot_done(struct snapshot *s) {
    if (s->sights)
        for (size_t i = 0; i < s->manifests.n_entries; i++)
            patch_sight_done(s->sights + i);
    free(s->sights);
    manifest_list_done(&s->manifests);
    policy_done(&s->policy);
    error_done(&s->policy_problem);
    cmdline_switches_done(&s->switches);
    free(s->machine_id);
    kernel_facts_done(&s->facts);
    livepatch_list_done(&s->loaded);
    result_list_done(&s->results);
    *s = (struct snapshot){};
}

size_t snapshot_find(const struct snapshot *s, const char *name) {
    const struct manifest_entry *entry = manifest_list_find(&s->manifests, name);

    return entry ? (size_t) (entry - s->manifests.entries) : SIZE_MAX;
}

static const char *module_name(const struct snapshot *s, size_t i) {
    return s->sights[i].module_name ?: s->manifests.entries[i].name;
}

const struct livepatch *snapshot_livepatch(const struct snapshot *s, size_t i) {
    return livepatch_list_find(&s->loaded, module_name(s, i));
}

static bool loaded_over(const struct result *result, const char *name) {
    STRV_FOREACH(over, result->over)
        if (patch_name_equal(*over, name))
            return true;
    return false;
}

const char *snapshot_replaced_by(const struct snapshot *s, size_t i) {
    const struct livepatch *self = snapshot_livepatch(s, i);
    const struct result *own = result_list_find(&s->results, s->manifests.entries[i].name);

    if (!self || !self->module_loaded || self->registered)
        return NULL;
    /* Unloaded on request: it is disabled, whoever came after it. */
    if (own && !streq(strempty(own->state), "active"))
        return NULL;
    for (size_t k = 0; k < s->results.n_results; k++) {
        const struct result *result = s->results.results + k;
        const char *name = result->module_name ?: result->name;
        const struct livepatch *other = livepatch_list_find(&s->loaded, name);

        if (other && other->registered && other->enabled && other->replace != 0 &&
            loaded_over(result, self->name))
            return result->name;
    }
    return NULL;
}

static int copy_string(char **to, const char *from) {
    free(*to);
    *to = from ? strdup(from) : NULL;
    return from && !*to ? -ENOMEM : 0;
}

/* What the module file says of itself. That it cannot be read is a fact as well. */
static int see_module(const struct host *h, struct patch_sight *sight) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = module_file_open_untrusted(h, sight->module_path, &f, &e);
    if (r >= 0)
        r = module_file_sha256(&f, &e);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return copy_string(&sight->module_error, error_message(&e, r));

    r = copy_string(&sight->module_name, f.info.name);
    if (r >= 0)
        r = copy_string(&sight->build_id, f.info.build_id);
    if (r >= 0)
        r = copy_string(&sight->vermagic, f.info.vermagic);
    if (r >= 0)
        r = copy_string(&sight->sha256, f.sha256);
    return r;
}

static int see_patch(const struct host *h, struct snapshot *s, size_t i, bool read_module) {
    const struct manifest_entry *entry = s->manifests.entries + i;
    const struct result *result = result_list_find(&s->results, entry->name);
    struct patch_sight *sight = s->sights + i;
    const struct manifest_kernel *kernel;
    int r;

    if (result && result->module_name) {
        r = copy_string(&sight->module_name, result->module_name);
        if (r < 0)
            return r;
    }
    if (entry->error_number < 0 || !s->facts.release)
        return 0;
    kernel = manifest_kernel_for(&entry->manifest, s->facts.release);
    r = store_find_module(h, s->facts.release, entry->name, kernel ? kernel->module : NULL,
                          &sight->module_path);
    if (r == -ENOENT)
        return 0;
    if (r < 0 || !read_module)
        return r;
    return see_module(h, sight);
}

static int see_patches(const struct host *h, struct snapshot *s, bool read_modules) {
    int r;

    s->sights = calloc(MAX(s->manifests.n_entries, (size_t) 1), sizeof(*s->sights));
    if (!s->sights)
        return -ENOMEM;
    for (size_t i = 0; i < s->manifests.n_entries; i++) {
        r = see_patch(h, s, i, read_modules);
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
        r = strv_extend(&names, module_name(s, i));
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

    s->in_initrd = file_exists(h, "/etc/initrd-release");
    s->disable_file = file_exists(h, "/etc/lpd/disable");
    s->modules_unknown = store_is_hidden(h);
    s->offline = !h->live;
    r = policy_load(h, &s->policy, &s->policy_problem);
    if (r == -ENOMEM)
        return r;
    s->policy_error = MIN(r, 0);
    r = cmdline_read(h, s->in_initrd, &s->switches);
    if (r == -ENOMEM)
        return r;
    r = file_read_line(h, "/etc/machine-id", &s->machine_id);
    if (r == -ENOMEM)
        return r;
    r = kernel_facts_read(h, &s->facts);
    if (r < 0)
        return r;
    return result_list_read(h, &s->results);
}

static int see_the_rest(struct host *h, unsigned flags, struct snapshot *s) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = see_machine(h, s);
    if (r < 0)
        return r;
    r = see_patches(h, s, flags & SNAPSHOT_MODULES);
    if (r < 0)
        return r;
    r = known_modules(s, &names);
    if (r < 0)
        return r;
    return livepatch_list_read(h, names, &s->loaded);
}

int snapshot_take(struct host *h, unsigned flags, struct snapshot *ret, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    int r;

    r = manifest_list_load(h, &s.manifests, e);
    if (r < 0)
        return r;
    r = see_the_rest(h, flags, &s);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot look at the machine: %s", strerror(-r));
    *ret = TAKE_STRUCT(s);
    return 0;
}

int snapshot_take_one(struct host *h, const char *name, struct snapshot *ret, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    const struct manifest *m;
    int r;

    r = manifest_list_load_one(h, name, &s.manifests, e);
    if (r < 0)
        return r;
    m = &s.manifests.entries[0].manifest;
    if (s.manifests.entries[0].error_number == 0 && (m->after || m->requires || m->conflicts)) {
        manifest_list_done(&s.manifests);
        r = manifest_list_load(h, &s.manifests, e);
        if (r < 0)
            return r;
    }
    r = see_the_rest(h, 0, &s);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot look at the machine: %s", strerror(-r));
    *ret = TAKE_STRUCT(s);
    return 0;
}
