/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/conf-files.h"
#include "config/name.h"
#include "config/policy.h"
#include "module/check.h"
#include "state/ledger.h"
#include "store/change.h"
#include "store/store.h"
#include "trust/manifest.h"

#define ENABLED_DROPIN "50-enabled.conf"
#define STAGE_DROPIN "50-stage.conf"
#define ABOUT_DROPIN "50-about.conf" /* the purpose of the patch, if it has a manifest already */
#define PIN_DROPIN_PREFIX "20-kernel-"

/* The paths of a patch's files. */
struct places {
    char *module, *kept, *manifest, *signature, *dropins, *pin;
};

static void places_done(struct places *p) {
    free(p->module);
    free(p->kept);
    free(p->manifest);
    free(p->signature);
    free(p->dropins);
    free(p->pin);
}

static int places_find(const char *name, const char *release, const char *module,
                       struct places *ret) {
    _cleanup_(places_done) struct places p = {};
    int r;

    if (module)
        r = asprintf(&p.module, STORE_DIRECTORY "/%s/%s", release, module);
    else
        r = asprintf(&p.module, STORE_DIRECTORY "/%s/%s.ko", release, name);
    if (r < 0)
        p.module = NULL;
    if (p.module && asprintf(&p.kept, "%s" STORE_CONFIRMED_SUFFIX, p.module) < 0)
        p.kept = NULL;
    if (asprintf(&p.manifest, MANIFEST_DIRECTORY "/%s.conf", name) < 0)
        p.manifest = NULL;
    if (asprintf(&p.signature, MANIFEST_DIRECTORY "/%s.conf" MANIFEST_SIGNATURE_SUFFIX, name) < 0)
        p.signature = NULL;
    if (asprintf(&p.dropins, MANIFEST_DIRECTORY "/%s.conf.d", name) < 0)
        p.dropins = NULL;
    if (asprintf(&p.pin, MANIFEST_DIRECTORY "/%s.conf.d/" PIN_DROPIN_PREFIX "%s.conf", name,
                 release) < 0)
        p.pin = NULL;
    if (!p.module || !p.kept || !p.manifest || !p.signature || !p.dropins || !p.pin)
        return -ENOMEM;
    *ret = TAKE_STRUCT(p);
    return 0;
}

static int check_pin(const struct store_patch *p, const struct manifest *m, struct error *e) {
    return module_check_pin(p->path ?: p->name, p->sha256, manifest_kernel_for(m, p->release), e);
}

/* Whether the existing manifest allows installing this module. */
static int may_install(const struct host *h, const struct store_patch *p,
                       const struct places *places,
                       const struct manifest *m, struct error *e) {
    const struct manifest_kernel *kernel = manifest_kernel_for(m, p->release);

    if (kernel && kernel->module && *kernel->module == '/')
        return error_hint(e, error_set(e, -EBUSY, EXIT_STATUS_FAILED,
                                       "%s has its own Module=%s", m->path, kernel->module),
                          "put the module there, or remove Module= from the manifest");
    return file_exists(h, places->pin) ? 0 : check_pin(p, m, e);
}

/* If the policy has an error, uses what could be read of it: nothing is loaded in that case
 * anyway. */
static bool wants_signed_manifests(const struct host *h) {
    _cleanup_(policy_done) struct policy policy = {};

    (void) policy_load(h, &policy, NULL);
    return policy.signed_manifests;
}

static int refuse_unsigned(struct error *e, const char *path, const char *what,
                           const char *argument) {
    (void) error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED,
                     "SignedManifests=yes, so lpctl writes no manifests, and %s %s%s", path, what,
                     argument);
    return error_hint(e, -EKEYREJECTED, "write it yourself, and sign it: " MANIFEST_SIGN_COMMAND,
                      path, path);
}

static bool says_the_same(const struct store_patch *p, const struct manifest *m) {
    _cleanup_free_ char *fixes = strv_join(m->fixes, " ");

    return (!p->description || streq(strempty(m->description), p->description)) &&
           (!p->fixes || streq(strempty(fixes), p->fixes));
}

/* SignedManifests=yes: what lpctl would write into patches.d has no signature, so the patch would
 * be refused. The manifest must contain everything already. */
static int check_complete(const struct store_patch *p, const struct places *places,
                          const struct manifest *m, struct error *e) {
    if (!m)
        return refuse_unsigned(e, places->manifest, "does not exist", "");
    if (!manifest_covers(m, p->release))
        return refuse_unsigned(e, m->path, "has no section for the kernel ", p->release);
    if (p->set_stage && m->stage != p->stage)
        return refuse_unsigned(e, m->path, "does not say Stage=", patch_stage_to_string(p->stage));
    if (!says_the_same(p, m))
        return refuse_unsigned(e, m->path, "has another Description= or Fixes=", "");
    return check_pin(p, m, e);
}

static int write_pin(const struct host *h, struct change *c, const struct places *places,
                     const struct store_patch *p, const char *other_hash, struct error *e) {
    _cleanup_free_ char *text = NULL;

    if (asprintf(&text, "# Written by lpctl install.\n[Kernel:%s]\nSHA256=%s%s%s\n", p->release,
                 p->sha256, other_hash ? " " : "", strempty(other_hash)) < 0)
        return -ENOMEM;
    return change_write(c, places->pin, text, strlen(text), e);
}

static bool is_confirmed(const struct host *h, const char *release, const char *sha256) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    return ledger_read(h, release, sha256, &b) >= 0 && b.state == LEDGER_CONFIRMED;
}

/* Keeps the build that is about to be replaced, if this machine has confirmed it; otherwise the one
 * that is kept already stays. *ret_sha256 is that of the kept build, or NULL if there is none. 1 if
 * something changed. */
static int keep_confirmed(const struct host *h, struct change *c, const struct places *places,
                          const struct store_patch *p, char **ret_sha256, struct error *e) {
    _cleanup_(module_file_close) struct module_file old = MODULE_FILE_NULL, kept = MODULE_FILE_NULL;
    int r;

    if (module_file_open_untrusted(h, places->module, &old, NULL) >= 0)
        module_file_sha256(&old);
    if (old.sha256[0] && !streq(old.sha256, p->sha256) && is_confirmed(h, p->release, old.sha256)) {
        r = change_write(c, places->kept, old.data, old.size, e);
        return r < 0 || string_set(ret_sha256, old.sha256) >= 0 ? r : -ENOMEM;
    }
    if (module_file_open_untrusted(h, places->kept, &kept, NULL) < 0)
        return 0;
    module_file_sha256(&kept);
    if (streq(kept.sha256, p->sha256))
        return change_remove(c, places->kept, e);
    return string_set(ret_sha256, kept.sha256);
}

/* The first step of replacing a module: a pin that allows the old and the new one, and the kept one.
 * The pin then allows the installed module, whenever the power fails. */
static int widen_pin(const struct host *h, struct change *c, const struct places *places,
                     const struct store_patch *p, const struct manifest *m, const char *kept, struct error *e) {
    const struct manifest_kernel *kernel = manifest_kernel_for(m, p->release);
    _cleanup_(module_file_close) struct module_file old = MODULE_FILE_NULL;
    _cleanup_free_ char *hashes = NULL;

    if (!kernel || !kernel->sha256 || !file_exists(h, places->pin))
        return 0;
    /* A file that the pin does not allow, or that is no module, is not worth keeping. */
    if (module_file_open_untrusted(h, places->module, &old, NULL) < 0)
        return 0;
    module_file_sha256(&old);
    if (!manifest_kernel_allows(kernel, old.sha256) || streq(old.sha256, p->sha256))
        return 0;
    if (!kept || streq(kept, old.sha256))
        return write_pin(h, c, places, p, old.sha256, e);
    if (asprintf(&hashes, "%s %s", old.sha256, kept) < 0)
        return -ENOMEM;
    return write_pin(h, c, places, p, hashes, e);
}

static int write_manifest(const struct host *h, struct change *c, const struct places *places,
                          const struct store_patch *p, struct error *e) {
    _cleanup_free_ char *text = NULL;

    if (asprintf(&text,
                 "# Written by lpctl install; yours to edit, see lpd.patch(5).\n"
                 "[Patch]\n%s%s%s%s%s%sStage=%s\n",
                 p->description ? "Description=" : "", strempty(p->description),
                 p->description ? "\n" : "", p->fixes ? "Fixes=" : "", strempty(p->fixes),
                 p->fixes ? "\n" : "", patch_stage_to_string(p->stage)) < 0)
        return -ENOMEM;
    return change_write(c, places->manifest, text, strlen(text), e);
}

static int write_stage(const struct host *h, struct change *c, const struct places *places,
                       const struct store_patch *p, struct error *e) {
    _cleanup_free_ char *path = NULL, *text = NULL;

    if (asprintf(&path, "%s/" STAGE_DROPIN, places->dropins) < 0 ||
        asprintf(&text, "# Written by lpctl install.\n[Patch]\nStage=%s\n",
                 patch_stage_to_string(p->stage)) < 0)
        return -ENOMEM;
    return change_write(c, path, text, strlen(text), e);
}

/* In a drop-in a list is appended to the existing one unless it begins with an empty assignment.
 * What the caller did not name stays unchanged. */
static int write_about(struct change *c, const struct places *places, const struct store_patch *p,
                       const struct manifest *m, struct error *e) {
    _cleanup_free_ char *path = NULL, *text = NULL, *fixes = strv_join(m->fixes, " ");

    if (!fixes || asprintf(&path, "%s/" ABOUT_DROPIN, places->dropins) < 0 ||
        asprintf(&text, "# Written by lpctl install.\n[Patch]\nDescription=%s\nFixes=\nFixes=%s\n",
                 strempty(p->description ?: m->description), p->fixes ?: fixes) < 0)
        return -ENOMEM;
    return change_write(c, path, text, strlen(text), e);
}

/* Leftovers of a removal that a power cut interrupted must not affect a new patch. */
static int clear_leftovers(const struct host *h, struct change *c, const struct places *places,
                           struct error *e) {
    static const char *const names[] = { ENABLED_DROPIN, STAGE_DROPIN, ABOUT_DROPIN };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(names) && r >= 0; i++) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", places->dropins, names[i]) < 0)
            return -ENOMEM;
        r = change_remove(c, path, e);
    }
    return r;
}

static int install_steps(const struct host *h, const struct store_patch *p,
                         const struct places *places, const struct manifest *m,
                         struct change *c, struct error *e) {
    _cleanup_free_ char *kept = NULL;
    int changed = 0, r;

    r = m ? keep_confirmed(h, c, places, p, &kept, e) : change_remove(c, places->kept, e);
    if (r < 0)
        return r;
    changed |= r;
    r = m ? widen_pin(h, c, places, p, m, kept, e) : clear_leftovers(h, c, places, e);
    if (r < 0)
        return r;
    changed |= r;
    r = change_write(c, places->module, p->module, p->module_size, e);
    if (r < 0)
        return r;
    changed |= r;
    /* A manifest for all kernels stays one: a pin would limit it to this kernel. */
    if (!m || m->n_kernels > 0) {
        r = write_pin(h, c, places, p, kept, e);
        if (r < 0)
            return r;
        changed |= r;
    }
    if (!m)
        r = write_manifest(h, c, places, p, e);
    else if (p->set_stage && m->stage != p->stage)
        r = write_stage(h, c, places, p, e);
    else
        r = 0;
    if (r < 0)
        return r;
    changed |= r;
    r = m && !says_the_same(p, m) ? write_about(c, places, p, m, e) : 0;
    return r < 0 ? r : changed | r;
}

/* The manifest, which is signed, says itself whether it allows the kept build. */
static int install_module(const struct host *h, const struct store_patch *p, const struct places *places,
                          struct change *c, struct error *e) {
    _cleanup_free_ char *kept = NULL;
    int changed, r;

    r = changed = keep_confirmed(h, c, places, p, &kept, e);
    if (r >= 0)
        r = change_write(c, places->module, p->module, p->module_size, e);
    return r < 0 ? r : changed | r;
}

/* No manifest is read from there, so the file is empty or a link to /dev/null. */
static int refuse_mask(const struct host *h, const char *name, struct error *e) {
    for (size_t i = 0; i < ELEMENTSOF(conf_dirs); i++) {
        _cleanup_free_ char *path = conf_path(1u << i, "patches.d", name, CONF_SUFFIX);
        struct stat st;

        if (!path)
            return -ENOMEM;
        if (file_lstat(h, path, &st) >= 0)
            return error_hint(e, error_set(e, -EBUSY, EXIT_STATUS_FAILED,
                                           "the patch %s is masked by %s", name, path),
                              "remove %s first", path);
    }
    return 0;
}

/* 1 with the manifest, or 0 if there is none. */
static int find_manifest(const struct host *h, const struct store_patch *p, struct manifest *ret,
                         struct error *e) {
    int r;

    if (!patch_name_is_valid(p->name))
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "'%s' is not a patch name", p->name);
    if (!kernel_release_is_valid(p->release))
        return error_set(e, -EINVAL, EXIT_STATUS_REFUSED, "'%s' is not a kernel release",
                         p->release);
    r = manifest_load(h, p->name, ret, e);
    if (r >= 0 && !ret->by_default)
        return 1;
    if (r < 0 && r != -ENOENT)
        return r;
    manifest_done(ret);
    return refuse_mask(h, p->name, e);
}

/* Completes a change: commits it, or undoes it. */
static int conclude(struct change *c, int r, struct change **ret_change, struct error *e) {
    int k;

    if (r < 0) {
        k = change_undo(c);
        (void) change_free(c);
        return k < 0 ? error_hint(e, r, "and restoring the previous state failed: %s",
                                  strerror(-k)) : r;
    }
    if (ret_change)
        *ret_change = c;
    else
        (void) change_free(c);
    return r;
}

int store_install(const struct host *h, const struct store_patch *p, struct change **ret_change,
                  struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_(places_done) struct places places = {};
    const struct manifest_kernel *kernel;
    bool known, sealed = wants_signed_manifests(h);
    struct change *c;
    int r;

    r = find_manifest(h, p, &m, e);
    if (r < 0)
        return r;
    known = r > 0;
    kernel = known ? manifest_kernel_for(&m, p->release) : NULL;
    /* The manifest's own spelling of the name, and its file name of the module. */
    r = places_find(known ? m.name : p->name, p->release, kernel ? kernel->module : NULL, &places);
    if (r >= 0 && known)
        r = may_install(h, p, &places, &m, e);
    if (r >= 0 && sealed)
        r = check_complete(p, &places, known ? &m : NULL, e);
    if (r < 0)
        return r;
    c = change_new(h);
    if (!c)
        return -ENOMEM;
    if (sealed)
        r = install_module(h, p, &places, c, e);
    else
        r = install_steps(h, p, &places, known ? &m : NULL, c, e);
    return conclude(c, r, ret_change, e);
}

/* A drop-in that lpctl wrote, or a signature that was added to it. */
static bool is_own_dropin(const char *name) {
    static const char *const own[] = { ENABLED_DROPIN, ENABLED_DROPIN MANIFEST_SIGNATURE_SUFFIX,
                                       STAGE_DROPIN, STAGE_DROPIN MANIFEST_SIGNATURE_SUFFIX,
                                       ABOUT_DROPIN, ABOUT_DROPIN MANIFEST_SIGNATURE_SUFFIX };

    for (size_t i = 0; i < ELEMENTSOF(own); i++)
        if (streq(name, own[i]))
            return true;
    return startswith(name, PIN_DROPIN_PREFIX);
}

/* Removes the drop-ins that lpctl wrote; those of others stay, and so does their directory. Of
 * hidden files it removes only the copies that an interrupted change has kept. */
static int remove_dropins(const struct host *h, struct change *c, const struct places *places,
                          struct error *e) {
    _cleanup_strv_free_ char **names = NULL;
    int removed = 0, r;

    r = file_list(h, places->dropins, &names);
    if (r < 0)
        return r == -ENOENT ? 0 : change_failed("read", places->dropins, r, e);
    STRV_FOREACH(name, names) {
        const char *plain = **name == '.' && endswith(*name, CHANGE_OLD_SUFFIX) ? *name + 1 : *name;
        _cleanup_free_ char *path = NULL;
        size_t n = strlen(plain) - (plain == *name ? 0 : STRLEN(CHANGE_OLD_SUFFIX));

        if (asprintf(&path, "%s/%.*s", places->dropins, (int) n, plain) < 0)
            return -ENOMEM;
        r = is_own_dropin(path_basename(path)) ? change_remove(c, path, e) : 0;
        if (r < 0)
            return r;
        removed |= r;
    }
    r = change_emptied(c, places->dropins);
    return r < 0 ? r : removed;
}

static int remove_module(struct change *c, const char *release, const char *name,
                         const struct manifest *m, struct error *e) {
    const struct manifest_kernel *kernel = m ? manifest_kernel_for(m, release) : NULL;
    _cleanup_(places_done) struct places places = {};
    _cleanup_free_ char *directory = NULL;
    int removed, r;

    r = places_find(name, release, kernel ? kernel->module : NULL, &places);
    if (r < 0)
        return r;
    r = removed = change_remove(c, places.module, e);
    if (r >= 0)
        r = change_remove(c, places.kept, e);
    if (r < 0)
        return r;
    removed |= r;
    if (asprintf(&directory, STORE_DIRECTORY "/%s", release) < 0)
        return -ENOMEM;
    r = removed > 0 ? change_emptied(c, directory) : 0;
    return r < 0 ? r : removed;
}

static int remove_modules(const struct host *h, struct change *c, const char *name,
                          const struct manifest *m, struct error *e) {
    _cleanup_strv_free_ char **releases = NULL;
    int removed = 0, r;

    r = file_list(h, STORE_DIRECTORY, &releases);
    if (r < 0)
        return r == -ENOENT ? 0 : change_failed("read", STORE_DIRECTORY, r, e);
    STRV_FOREACH(release, releases) {
        r = remove_module(c, *release, name, m, e);
        if (r < 0)
            return r;
        removed |= r;
    }
    return removed;
}

/* A file that is visible only when the administrator's own file is gone is not lpctl's to
 * remove. */
static int check_owner(const struct host *h, const char *name, struct error *e) {
    for (size_t i = 1; i < ELEMENTSOF(conf_dirs); i++) {
        _cleanup_free_ char *path = conf_path(1u << i, "patches.d", name, CONF_SUFFIX);

        if (!path)
            return -ENOMEM;
        if (!file_exists(h, path))
            continue;
        return error_hint(e, error_set(e, -EBUSY, EXIT_STATUS_FAILED,
                                       "%s was not written by lpctl install: it belongs to a "
                                       "package or is in /run",
                                       path),
                          "remove the package, or disable the patch: lpctl disable %s", name);
    }
    return 0;
}

/* The manifest of that name in the list, valid or not; of several similar names the exact
 * spelling. Outputs NULL if there is none. Refused for a patch that is not the administrator's. */
static int find_removable(const struct host *h, const char *name, struct manifest_list *l,
                          const struct manifest_entry **ret, struct error *e) {
    const struct manifest_entry *entry;
    int r;

    r = manifest_list_load_one(h, name, l, e);
    if (r < 0 && r != -ENOENT)
        return r;
    entry = l->n_entries > 0 ? l->entries : NULL;
    for (size_t i = 0; i < l->n_entries; i++)
        if (streq(l->entries[i].name, name))
            entry = l->entries + i;
    r = check_owner(h, entry ? entry->name : name, e);
    if (r >= 0 && entry && entry->error_number == 0 && entry->manifest.by_default)
        r = error_hint(e, error_set(e, -EBUSY, EXIT_STATUS_FAILED,
                                    "%s: was not written by lpctl install: Adopt= in lpd.conf names its directory",
                                    entry->path),
                       "remove the file, or disable the patch: lpctl disable %s", entry->name);
    if (r < 0)
        return r;
    *ret = entry;
    return 0;
}

int store_may_remove(const struct host *h, const char *name, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    const struct manifest_entry *entry;

    return find_removable(h, name, &l, &entry, e);
}

/* The manifest goes first: without it the other files are no patch. */
static int remove_all(const struct host *h, struct change *c, const char *name,
                      const struct manifest *m,
                      struct error *e) {
    _cleanup_(places_done) struct places places = {};
    int removed, r;

    r = places_find(name, "", NULL, &places);
    if (r >= 0)
        r = removed = change_remove(c, places.manifest, e);
    if (r >= 0)
        r = change_remove(c, places.signature, e);
    if (r < 0)
        return r;
    removed |= r;
    r = remove_dropins(h, c, &places, e);
    if (r < 0)
        return r;
    removed |= r;
    r = remove_modules(h, c, name, m, e);
    return r < 0 ? r : removed | r;
}

int store_remove(const struct host *h, const char *name, struct change **ret_change,
                 struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    const struct manifest_entry *entry;
    struct change *c;
    int r;

    r = find_removable(h, name, &l, &entry, e);
    if (r < 0)
        return r;
    c = change_new(h);
    if (!c)
        return -ENOMEM;
    r = remove_all(h, c, entry ? entry->name : name,
                   entry && entry->error_number == 0 ? &entry->manifest : NULL, e);
    return conclude(c, r, ret_change, e);
}

static int add_name(char ***names, const char *name) {
    STRV_FOREACH(other, *names)
        if (patch_name_equal(*other, name))
            return 0;
    return strv_extend(names, name);
}

/* The modules of that kernel, by their file names. */
static int list_modules(const struct host *h, const char *release, char ***names, struct error *e) {
    _cleanup_strv_free_ char **files = NULL;
    _cleanup_free_ char *directory = NULL;
    int r;

    if (asprintf(&directory, STORE_DIRECTORY "/%s", release) < 0)
        return -ENOMEM;
    r = file_list(h, directory, &files);
    if (r < 0)
        return r == -ENOENT || r == -ENOTDIR ? 0 : change_failed("read", directory, r, e);
    STRV_FOREACH(file, files) {
        _cleanup_free_ char *name = endswith(*file, ".ko")
            ? strndup(*file, strlen(*file) - STRLEN(".ko"))
                                                           : NULL;

        if (name && patch_name_is_valid(name))
            r = add_name(names, name);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A manifest that names another file, or whose module is gone, may also have a pin. */
static int list_pins(const struct host *h, const char *release, char ***names, struct error *e) {
    _cleanup_strv_free_ char **files = NULL;
    int r;

    r = file_list(h, MANIFEST_DIRECTORY, &files);
    if (r < 0)
        return r == -ENOENT ? 0 : change_failed("read", MANIFEST_DIRECTORY, r, e);
    STRV_FOREACH(file, files) {
        _cleanup_(places_done) struct places places = {};
        _cleanup_free_ char *name = endswith(*file, ".conf.d")
                                        ? strndup(*file, strlen(*file) - STRLEN(".conf.d"))
                                        : NULL;

        if (!name || !patch_name_is_valid(name))
            continue;
        r = places_find(name, release, NULL, &places);
        if (r >= 0 && file_exists(h, places.pin))
            r = add_name(names, name);
        if (r < 0)
            return r;
    }
    return 0;
}

int store_list_kernel(const struct host *h, const char *release, char ***ret, struct error *e) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = list_pins(h, release, &names, e);
    if (r >= 0)
        r = list_modules(h, release, &names, e);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(names);
    return 0;
}

/* The module goes first: a patch with a pin and without a module is not loaded. */
static int remove_of_kernel(struct change *c, const char *release, const char *name,
                            const struct manifest *m, struct error *e) {
    _cleanup_(places_done) struct places places = {};
    _cleanup_free_ char *signature = NULL;
    int removed = 0, r;

    r = places_find(name, release, NULL, &places);
    if (r >= 0)
        r = removed = remove_module(c, release, name, m, e);
    if (r >= 0)
        r = change_remove(c, places.pin, e);
    if (r < 0)
        return r;
    removed |= r;
    if (asprintf(&signature, "%s" MANIFEST_SIGNATURE_SUFFIX, places.pin) < 0)
        return -ENOMEM;
    r = change_remove(c, signature, e);
    if (r >= 0 && change_emptied(c, places.dropins) < 0)
        return -ENOMEM;
    return r < 0 ? r : removed | r;
}

int store_remove_kernel(const struct host *h, const char *release, const char *name,
                        struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    struct change *c;
    int r;

    r = manifest_load(h, name, &m, NULL);
    if (r == -ENOMEM)
        return r;
    c = change_new(h);
    if (!c)
        return -ENOMEM;
    r = remove_of_kernel(c, release, m.name ?: name, m.name ? &m : NULL, e);
    return conclude(c, r, NULL, e);
}

static int write_enabled(const struct host *h, struct change *c, const char *name, bool enabled,
                         struct error *e) {
    _cleanup_(manifest_done) struct manifest without = {}, with = {};
    _cleanup_free_ char *path = NULL, *text = NULL;
    int r;

    if (asprintf(&path, MANIFEST_DIRECTORY "/%s.conf.d/" ENABLED_DROPIN, name) < 0 ||
        asprintf(&text, "# Written by lpctl %s.\n[Patch]\nEnabled=%s\n",
                 enabled ? "enable" : "disable", yes_no(enabled)) < 0)
        return -ENOMEM;
    /* Restoring what the manifest itself says needs no drop-in. */
    r = change_remove(c, path, e);
    if (r >= 0)
        r = manifest_load(h, name, &without, e);
    if (r < 0 || without.enabled == enabled)
        return r;
    if (wants_signed_manifests(h))
        return refuse_unsigned(e, without.path, "does not say Enabled=", yes_no(enabled));
    r = change_write(c, path, text, strlen(text), e);
    if (r >= 0)
        r = manifest_load(h, name, &with, e);
    if (r < 0 || with.enabled == enabled)
        return r;
    return error_hint(e, error_set(e, -EBUSY, EXIT_STATUS_FAILED,
                                   "a drop-in of %s after " ENABLED_DROPIN
                                   " says Enabled=%s", name,
                                   yes_no(!enabled)),
                      "%s is the last one: change that",
                      with.dropins[strv_length(with.dropins) - 1]);
}

int store_set_enabled(const struct host *h, const char *name, bool enabled,
                      struct change **ret_change,
                      struct error *e) {
    _cleanup_(manifest_done) struct manifest before = {};
    struct change *c;
    int r;

    r = manifest_load(h, name, &before, e);
    if (r < 0)
        return r;
    c = change_new(h);
    if (!c)
        return -ENOMEM;
    r = before.enabled == enabled ? 0 : write_enabled(h, c, before.name, enabled, e);
    return conclude(c, r < 0 ? r : before.enabled != enabled, ret_change, e);
}

int store_may_edit(const struct host *h, const char *name, const char *text, struct error *e) {
    _cleanup_free_ char *path = NULL, *now = NULL;
    size_t size;
    int r;

    if (asprintf(&path, MANIFEST_DIRECTORY "/%s.conf.d/" EDIT_DROPIN, name) < 0)
        return -ENOMEM;
    if (*text && wants_signed_manifests(h))
        return refuse_unsigned(e, path, "would have no signature", "");
    r = file_read(h, path, INI_FILE_MAX, &now, &size);
    if (r == -ENOMEM)
        return r;
    if (streq(text, strempty(now)))
        return 0;
    r = manifest_try_dropin(h, name, path, text, e);
    return r < 0 ? r : 1;
}

static int edit(const struct host *h, struct change *c, const struct manifest_entry *before,
                const char *text,
                struct error *e) {
    _cleanup_(manifest_done) struct manifest after = {};
    _cleanup_free_ char *path = NULL, *directory = NULL;
    int changed, r;

    if (asprintf(&directory, MANIFEST_DIRECTORY "/%s.conf.d", before->name) < 0 ||
        asprintf(&path, "%s/" EDIT_DROPIN, directory) < 0)
        return -ENOMEM;
    r = store_may_edit(h, before->name, text, e);
    if (r <= 0)
        return r;
    changed = *text ? change_write(c, path, text, strlen(text), e) : change_remove(c, path, e);
    if (changed <= 0)
        return changed;
    r = *text ? 0 : change_emptied(c, directory);
    if (r >= 0)
        r = manifest_load(h, before->name, &after, e);
    return r < 0 ? r : changed;
}

int store_edit(const struct host *h, const char *name, const char *text, struct change **ret_change,
               struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list before = {};
    struct change *c;
    int r;

    /* Ignores errors: lpctl edit may be used to repair a broken manifest. */
    r = manifest_list_load_one(h, name, &before, e);
    if (r < 0)
        return r;
    c = change_new(h);
    if (!c)
        return -ENOMEM;
    return conclude(c, edit(h, c, before.entries, text, e), ret_change, e);
}
