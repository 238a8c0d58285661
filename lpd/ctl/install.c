/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/strv.h"
#include "config/name.h"
#include "ctl/change.h"
#include "ctl/install.h"
#include "ctl/progress.h"
#include "ctl/volume.h"
#include "livepatch/build.h"
#include "livepatch/kernel-flag.h"
#include "load/converge.h"
#include "load/gate-record.h"
#include "module/file.h"
#include "store/store.h"
#include "trust/manifest.h"

/* A file to be installed, with what was found out about it. */
struct candidate {
    struct module_file file;
    char *name;
    char *release;
    bool here;    /* built for the running kernel */
    bool at_load; /* only its load checks its signature */
};

static void candidate_done(struct candidate *n) {
    module_file_close(&n->file);
    free(n->name);
    free(n->release);
}

/* The name of the patch: the file's name if it differs from the module's only in spelling (fix-a.ko
 * contains fix_a), otherwise the module's. */
static char *name_for(const char *path, const struct module_info *info) {
    const char *base = path_basename(path);
    _cleanup_free_ char *stem = strndup(base, strcspn(base, "."));

    if (stem && patch_name_equal(stem, info->name))
        return TAKE_PTR(stem);
    return strdup(info->name);
}

/* Without --kernel=, a module that was built for another kernel than the running one is probably a
 * mistake. */
static int find_release(struct ctl *c, struct candidate *n, struct error *e) {
    const char *vermagic = n->file.info.vermagic, *target;
    _cleanup_free_ char *running = NULL;
    int r;

    n->release = strndup(vermagic, strcspn(vermagic, " "));
    if (!n->release)
        return -ENOMEM;
    if (c->host.live)
        (void) c->host.ops->release(&c->host, &running);
    n->here = running && streq(running, n->release);
    target = c->kernel ?: manager_is_running(&c->host) ? running : NULL;
    r = module_check_form(&n->file, target, e);
    return r == -ENOEXEC && !c->kernel
               ? error_hint(e, r, "to install it for that kernel: --kernel=%s", n->release) : r;
}

/* A file that the caller names is the caller's responsibility. A file that lpctl found itself may
 * belong to any user, and the installed copy will belong to root. */
static int inspect(struct ctl *c, const struct host *source, const char *path, struct candidate *n,
                   struct error *e) {
    int r;

    r = source == &c->host ? module_file_open(source, path, &n->file, e)
                           : module_file_open_untrusted(source, path, &n->file, e);
    if (r < 0)
        return r;
    r = find_release(c, n, e);
    if (r < 0)
        return r;
    n->name = c->name ? strdup(c->name) : name_for(path, &n->file.info);
    if (!n->name)
        return -ENOMEM;
    r = ctl_check_name(n->name, e);
    if (r >= 0)
        module_file_sha256(&n->file);
    return r;
}

/* Reports before any change that the manifest will be refused. A missing manifest is reported by
 * the store. */
static int check_manifest(struct host *asked, const struct trust_machine *machine, const char *name,
                          struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    int r;

    r = manifest_load(asked, name, &m, e);
    if (r >= 0)
        r = trust_check_manifest(asked, machine, &m, e);
    return r == -ENOENT || (r == -EOPNOTSUPP && !asked->live) ? 0 : r;
}

/* If the kernel that would load the module runs here, it decides. With --root=, in a chroot, or for
 * another kernel the decision is left to the boot; only what no kernel would accept is refused. */
static int check_trust(struct ctl *c, struct candidate *n, bool running, unsigned flags, struct error *e) {
    _cleanup_(trust_report_done) struct trust_report report = {};
    _cleanup_(snapshot_done) struct snapshot s = {};
    struct trust_machine machine;
    struct host asked = c->host;
    struct gate gate;
    int r;

    r = snapshot_take(&c->host, 0, &s, e);
    if (r < 0)
        return r;
    asked.live = running && n->here;
    /* The store checks the pin, because it writes it. */
    gate = snapshot_gate(&s, SIZE_MAX, &machine);
    gate.release = n->release;
    r = gate_check(&asked, &gate, &n->file, flags, &report, NULL, e);
    n->at_load = r >= 0 && flags & TRUST_AT_LOAD && report.verdict == VERDICT_ENFORCED;
    return r >= 0 && s.policy.signed_manifests ? check_manifest(&asked, &machine, n->name, e) : r;
}

/* The old module would stay loaded, and no patch would account for it. */
static int refuse_other_module(const struct candidate *n, const char *module, struct error *e) {
    int r = error_set(e, -EEXIST, EXIT_STATUS_FAILED, "%s is installed with the module %s, and this file contains %s",
                      n->name, module, n->file.info.name);

    return error_hint(e, r, "install it under another name: --name=…; or remove the installed "
                            "patch first: lpctl remove %s", n->name);
}

/* The kernel identifies a patch by its module's name, so it could not tell two patches with the
 * same module name apart. */
static int check_namesake(struct ctl *c, const struct candidate *n, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    int r;

    r = manifest_list_load(&c->host, NULL, &l, e);
    for (size_t i = 0; i < l.n_entries && r >= 0; i++) {
        _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
        const struct manifest_entry *entry = l.entries + i;
        bool own = patch_name_equal(entry->name, n->name);
        _cleanup_free_ char *path = NULL;

        if (entry->error_number < 0)
            continue;
        if (store_find_module_of(&c->host, n->release, &entry->manifest, &path) < 0 ||
            module_file_open_untrusted(&c->host, path, &f, NULL) < 0 ||
            patch_name_equal(f.info.name, n->file.info.name) == own)
            continue;
        if (own)
            r = refuse_other_module(n, f.info.name, e);
        else
            r = error_set(e, -EEXIST, EXIT_STATUS_FAILED, "the module %s is installed as %s already: %s", f.info.name,
                          entry->name, path);
        if (!own)
            (void) error_hint(e, r, "install it under that name: --name=%s; or remove the "
                                    "installed patch first: lpctl remove %s",
                              entry->name, entry->name);
    }
    return r;
}

static int place(struct ctl *c, const struct candidate *n, struct change **ret_change,
                 struct error *e) {
    bool initrd = c->stage && streq(c->stage, "initrd");

    return store_install(&c->host,
                         &(struct store_patch){
                             .name = n->name,
                             .release = n->release,
                             .path = n->file.path,
                             .module = n->file.data,
                             .module_size = n->file.size,
                             .sha256 = n->file.sha256,
                             .description = c->description,
                             .fixes = c->fixes,
                             .stage = initrd ? STAGE_INITRD : STAGE_SYSTEM,
                             .set_stage = c->stage != NULL,
                         },
                         ret_change, e);
}

/* Another build of the same patch has to be unloaded first; so has one that may be another
 * build. */
static bool is_other_build(struct ctl *c, const struct candidate *n) {
    _cleanup_(livepatch_done) struct livepatch in = {};
    _cleanup_(result_done) struct result result = {};

    if (livepatch_read(&c->host, n->file.info.name, &in) < 0 || !in.registered)
        return false;
    (void) result_find_module(&c->host, n->file.info.name, &result);
    return build_compare(&in, result.loaded ? result.sha256 : NULL, n->file.info.build_id,
                         n->file.sha256) != BUILD_SAME;
}

/* The unit stays active during the exchange, so that a new build does not stop the services that
 * require the patch. */
static int load_placed(struct ctl *c, struct manager *m, const struct candidate *n,
                       const struct moment *before, uint64_t deadline, struct error *e) {
    _cleanup_(result_done) struct result out = {}, in = {};
    int r = 0;

    if (is_other_build(c, n)) {
        r = ctl_wait_for_others(c, deadline);
        if (r < 0)
            return error_hint(e, error_set(e, r, EXIT_STATUS_TIMEOUT,
                                           "%s: the loaded build cannot be unloaded while another "
                                           "transition runs",
                                           n->name),
                              "'lpctl blocking' shows what blocks that transition");
        r = converge_take_out(&c->host, m, before, &out, e);
    }
    return r < 0 ? r : ctl_load_in_time(c, m, n->name, deadline, &in, e);
}

/* Places the patch on the machine, and on the volume if it belongs there or is there already. 1 if
 * something changed on the machine. */
static int place_everywhere(struct ctl *c, const struct manager *m, const struct candidate *n,
                            struct change **ret_change, struct volume_change **ret_volume,
                            struct error *e) {
    bool was_there = ctl_is_on_volume(c, m, n->name);
    int placed, r, k;

    placed = place(c, n, ret_change, e);
    if (placed < 0 || (!was_there && !ctl_is_on_volume(c, m, n->name)))
        return placed;
    r = ctl_update_volume(c, n->name, /* wanted= */ true, ret_volume, e);
    if (r >= 0)
        return placed;
    k = change_undo(*ret_change);
    return k < 0 ? error_hint(e, r, "and restoring the files failed: %s", strerror(-k)) : r;
}

/* Restores the previous volume, files, units of systemd, and patch. */
static void undo(struct ctl *c, struct manager *m, const struct moment *before, struct change *change,
                 struct volume_change *volume, struct error *e, int error_number) {
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    int r;

    r = volume ? volume_undo(volume) : 0;
    if (r < 0)
        (void) error_hint(e, error_number, "and restoring the volume failed: %s", strerror(-r));
    r = change_undo(change);
    if (r < 0)
        (void) error_hint(e, error_number, "and restoring the files failed: %s", strerror(-r));
    (void) manager_reload(m, NULL);
    r = moment_restore(&c->host, m, before, &problem);
    if (r < 0)
        (void) error_hint(e, error_number, "and restoring the patch failed: %s", error_message(&problem, r));
}

/* Modules are locked, so nothing can be loaded or unloaded. */
static bool is_locked_out(struct ctl *c, const struct candidate *n) {
    _cleanup_(livepatch_done) struct livepatch in = {};

    if (!n->here || kernel_flag_read(&c->host, KERNEL_MODULES_DISABLED) != 1)
        return false;
    return livepatch_read(&c->host, n->file.info.name, &in) < 0 || !in.enabled || is_other_build(c, n);
}

/* Why a patch is loaded later: a stable code and a sentence. */
struct deferral {
    const char *code;
    const char *reason;
};

static struct deferral why_not_now(struct ctl *c, const struct candidate *n, const struct manager *m) {
    if (c->no_load)
        return (struct deferral){ "no-load", "it will be loaded at the next boot (--no-load)" };
    if (!n->here)
        return (struct deferral){ "other-kernel", "it will be loaded when that kernel boots" };
    if (!m && !(c->dry_run && manager_is_running(&c->host)))
        return (struct deferral){ "no-systemd", "systemd does not run here, so it will be loaded "
                                                "at the next boot" };
    if (is_locked_out(c, n))
        return (struct deferral){ "locked", "modules are locked until reboot, so it will be "
                                            "loaded at the next boot" };
    return (struct deferral){ NULL, NULL };
}

/* With --wait a load at the next boot is not enough. */
static int refuse_to_wait(struct ctl *c, const struct candidate *n, struct error *e) {
    if (!c->wait || c->no_load || !is_locked_out(c, n))
        return 0;
    return error_hint(e, error_set(e, -EPERM, EXIT_STATUS_LOCKED,
                                   "%s is installed, but not loaded: modules are locked until "
                                   "reboot", n->name),
                      "it will be loaded at the next boot; without --wait this is not a failure");
}

/* If a load follows, it may check the signature (trust/kernel-load.h). Not if another build has to
 * be unloaded for it: then the new one is checked first. */
static unsigned trust_flags_for(struct ctl *c, const struct candidate *n, const struct manager *m) {
    return c->dry_run || why_not_now(c, n, m).code || is_other_build(c, n) ? TRUST_EXPLAIN : TRUST_AT_LOAD;
}

/* 1 with the reason if the patch is not loaded now. */
static int find_reason(struct ctl *c, const struct candidate *n, struct manager *m, bool placed, char **ret_later,
                       struct error *e) {
    const char *later = why_not_now(c, n, m).reason;
    int r = 0;

    if (later) {
        if (m)
            r = manager_reload(m, e);
        *ret_later = strdup(later);
        return r < 0 ? r : *ret_later ? 1 : -ENOMEM;
    }
    r = manager_reload(m, e);
    return r < 0 ? r : ctl_ask_plan(c, n->name, /* keep_replaced= */ !placed, ret_later, e);
}

/* The results for the files of a candidate and for the patch. */
struct installation {
    int placed;  /* 1: files were placed or changed */
    int loaded;  /* 1: now; 0: was loaded already */
    char *later; /* why it is loaded later, or NULL */
    const char *code; /* the same as a stable code */
    int end;     /* negative errno of an unsuccessful wait */
};

static json_object *deferral_value(const struct installation *o) {
    json_object *v = json_object_new_object();

    json_add_string(v, "code", o->code);
    json_add_string(v, "reason", o->later);
    return v;
}

static void tell(struct ctl *c, const struct candidate *n, const struct installation *o) {
    bool changed = o->placed || (!o->later && o->loaded > 0);
    const char *rest = o->later                  ? o->later
                       : o->loaded < 0           ? "not loaded yet"
                       : o->end == -ECANCELED    ? "not loaded any more"
                       : o->end < 0              ? "loaded, transition not finished"
                                                 : NULL;

    json_object *patch;

    changes_add(c, n->name, changed, "%s for %s%s%s", o->placed ? "installed" : "installed already", n->release,
                rest ? "; " : o->loaded > 0 ? " and loaded" : " and loaded already", strempty(rest));
    patch = changes_last(c);
    json_add_string(patch, "kernel", n->release);
    json_add_bool(patch, "placed", o->placed > 0);
    json_add_bool(patch, "loaded", !o->later && o->loaded >= 0 && o->end != -ECANCELED);
    json_object_object_add(patch, "deferred", o->later ? deferral_value(o) : NULL);
}

/* Loads the patch, and waits if --wait is given. 0 if the files stay placed, with o->loaded and
 * o->end. */
static int load_and_wait(struct ctl *c, struct manager *m, const struct candidate *n, const struct moment *before,
                         struct installation *o, struct error *e) {
    uint64_t deadline = ctl_wait_deadline(c);
    bool failed;

    o->loaded = load_placed(c, m, n, before, deadline, e);
    if (o->loaded == -EINPROGRESS)
        o->end = o->loaded;
    if (o->loaded < 0)
        return o->end < 0 ? 0 : o->loaded;
    o->end = ctl_await(c, m, n->name, n->file.info.name, deadline, &failed, e);
    return failed ? o->end : 0;
}

static int install_candidate(struct ctl *c, struct manager *m, struct candidate *n, struct error *e) {
    _cleanup_(volume_change_freep) struct volume_change *volume = NULL;
    _cleanup_(change_freep) struct change *change = NULL;
    _cleanup_(moment_done) struct moment before = {};
    _cleanup_free_ char *later = NULL;
    struct installation o = {};
    int r;

    r = m ? moment_take(&c->host, m, n->name, &before) : 0;
    if (r >= 0)
        r = o.placed = place_everywhere(c, m, n, &change, &volume, e);
    if (r < 0)
        return r;
    r = find_reason(c, n, m, o.placed, &later, e);
    if (r > 0 && n->at_load)
        r = check_trust(c, n, m != NULL, TRUST_EXPLAIN, e);
    o.later = later;
    o.code = why_not_now(c, n, m).code ?: "not-applicable";
    if (r >= 0 && !later && interrupt_signal())
        r = error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s: nothing is changed", n->name);
    if (r >= 0 && !later)
        r = load_and_wait(c, m, n, &before, &o, e);
    progress_say(c, NULL);
    if (r < 0 && m)
        undo(c, m, &before, change, volume, e, r);
    if (r < 0)
        return r;
    tell(c, n, &o);
    if (later)
        r = refuse_to_wait(c, n, e);
    if (r >= 0)
        r = o.end;
    return r < 0 ? r : o.placed || (!later && o.loaded > 0);
}

/* For --dry-run: whether everything that would be written is there already. */
static bool is_placed(struct ctl *c, const struct candidate *n) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_free_ char *path = NULL, *fixes = NULL;
    const struct manifest_kernel *kernel;

    if (manifest_load(&c->host, n->name, &m, NULL) < 0 || !manifest_covers(&m, n->release) ||
        (c->stage && streq(c->stage, "initrd") != (m.stage == STAGE_INITRD)))
        return false;
    fixes = strv_join(m.fixes, " ");
    if ((c->description && !streq(c->description, strempty(m.description))) ||
        (c->fixes && !streq(c->fixes, strempty(fixes))))
        return false;
    kernel = manifest_kernel_for(&m, n->release);
    if ((kernel && !manifest_kernel_allows(kernel, n->file.sha256)) ||
        store_find_module_of(&c->host, n->release, &m, &path) < 0 ||
        !startswith(path, STORE_DIRECTORY "/") || module_file_open_untrusted(&c->host, path, &f, NULL) < 0)
        return false;
    module_file_sha256(&f);
    return streq(f.sha256, n->file.sha256);
}

static int dry_install(struct ctl *c, const struct candidate *n, struct error *e) {
    _cleanup_(livepatch_done) struct livepatch in = {};
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_free_ char *asked = NULL;
    const char *later = why_not_now(c, n, NULL).reason;
    bool placed = is_placed(c, n), loaded = false;
    int r = 0;

    if (!later && manifest_load(&c->host, n->name, &m, NULL) >= 0)
        r = ctl_ask_plan(c, n->name, /* keep_replaced= */ placed, &asked, e);
    if (r < 0)
        return r;
    later = later ?: asked;
    if (!later)
        loaded = livepatch_read(&c->host, n->file.info.name, &in) >= 0 && in.enabled && !is_other_build(c, n);
    changes_add(c, n->name, !placed || (!later && !loaded), "%s for %s%s%s",
                placed ? "installed already" : "would be installed", n->release,
                later ? "; " : loaded ? " and already loaded" : placed ? " and would be loaded" : " and loaded",
                strempty(later));
    return 0;
}

int install_check_file(struct ctl *c, const char *path, char **ret_name, struct error *e) {
    _cleanup_(candidate_done) struct candidate n = { .file = MODULE_FILE_NULL };
    _cleanup_(host_close) struct host here = HOST_NULL;
    int r;

    r = host_open("/", &here);
    if (r >= 0)
        r = inspect(c, &here, path, &n, e);
    if (r >= 0)
        r = check_trust(c, &n, geteuid() == 0, TRUST_EXPLAIN, e);
    if (r >= 0)
        *ret_name = TAKE_PTR(n.name);
    return r;
}

int install_one(struct ctl *c, struct manager *m, const struct host *source, const char *path,
                struct error *e) {
    _cleanup_(candidate_done) struct candidate n = { .file = MODULE_FILE_NULL };
    int r;

    r = ctl_check_early(c, MANIFEST_DIRECTORY, e);
    if (r >= 0)
        r = ctl_check_local(c, STORE_DIRECTORY, e);
    if (r >= 0)
        r = inspect(c, source, path, &n, e);
    if (r >= 0)
        r = check_namesake(c, &n, e);
    if (r >= 0)
        r = check_trust(c, &n, m != NULL || (c->dry_run && c->host.live && geteuid() == 0),
                        trust_flags_for(c, &n, m), e);
    if (r >= 0 && c->dry_run)
        return dry_install(c, &n, e);
    return r < 0 ? r : install_candidate(c, m, &n, e);
}

/* Files on the command line belong to the caller and are not looked up below --root=. */
static int install_callers_file(struct ctl *c, struct manager *m, const char *path, struct error *e) {
    _cleanup_(host_close) struct host here = HOST_NULL;
    _cleanup_free_ char *absolute = NULL;
    int r;

    r = ctl_find_file(path, &absolute, e);
    if (r == -ENOENT && !strchr(path, '/') && !strstr(path, ".ko"))
        return error_hint(e, r, "name a module file, such as ./%s.ko; to load an installed patch: lpctl load %s",
                          path, path);
    if (r >= 0)
        r = host_open("/", &here);
    return r < 0 ? r : install_one(c, m, &here, absolute, e);
}

/* Whether they could be read from the manifest that they are written to. */
static int check_lines(const struct ctl *c, const char *fixes, struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_free_ char *text = NULL;
    int r;

    if (asprintf(&text, "[Patch]\nDescription=%s\nFixes=%s\n", strempty(c->description), strempty(fixes)) < 0)
        return -ENOMEM;
    r = manifest_parse("x", "manifest", text, strlen(text), &m, NULL);
    if (r == -ENOMEM)
        return r;
    if (r < 0 || m.warnings.message)
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
                         "--description= and --fixes= take text without control characters, 64 KiB at most");
    return 0;
}

/* Checks the values that become lines of the manifest. --fixes= also accepts commas between the
 * names. */
static int check_about(struct ctl *c, char **argv, char **ret_fixes, struct error *e) {
    _cleanup_strv_free_ char **fixes = NULL;
    int r;

    if ((c->name || c->description || c->fixes) && strv_length(argv) > 1)
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "--name=, --description= and --fixes= go with one file");
    if (c->description && (strpbrk(c->description, "\n\r") || endswith(c->description, "\\")))
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "--description= takes one line of text");
    if (!c->fixes)
        return check_lines(c, NULL, e);
    r = strv_extend_split(&fixes, c->fixes, " ,\t\n\r");
    if (r < 0)
        return r;
    STRV_FOREACH(word, fixes)
        if (endswith(*word, "\\"))
            return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "--fixes= takes names such as CVE-2024-1086, not %s", *word);
    c->fixes = *ret_fixes = strv_join(fixes, " ");
    return c->fixes ? check_lines(c, c->fixes, e) : -ENOMEM;
}

int ctl_install(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_(images_done) struct images before = {};
    _cleanup_free_ char *fixes = NULL;
    int r;

    changes_begin(c);
    r = check_about(c, argv, &fixes, e);
    if (r >= 0 && c->kernel)
        r = ctl_check_release(c->kernel, e);
    if (r < 0)
        return r;
    r = changes_prepare(c, &m, &before, e);
    if (r < 0)
        return r;
    r = changes_each(c, m, argv, 0, install_callers_file, e);
    return images_refresh(c, &before, r, e);
}
