/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/conf-files.h"
#include "config/manifest.h"
#include "config/name.h"
#include "config/policy.h"
#include "guard/check.h"
#include "initramfs/files.h"
#include "store/store.h"
#include "store/volume.h"
#include "trust/certificates.h"
#include "trust/gate.h"
#include "trust/manifest.h"

void initramfs_files_done(struct initramfs_files *f) {
    for (size_t i = 0; i < f->n_patches; i++)
        image_patch_done(f->patches + i);
    free(f->patches);
    strv_free(f->programs);
    strv_free(f->files);
    strv_free(f->builds);
    strv_free(f->kernel_modules);
    strv_free(f->warnings);
    *f = (struct initramfs_files){};
}

/* Returns 0, or -ENOMEM. */
static int warn(struct initramfs_files *f, const char *what, const char *reason) {
    char *text;

    if (asprintf(&text, "%s: left out: %s", what, reason) < 0)
        return -ENOMEM;
    return strv_consume(&f->warnings, text);
}

/* The files of one patch, and its build that the initramfs would load now. */
struct found {
    struct image_patch patch;
    char *path, *kept, **builds;
};

static void found_done(struct found *found) {
    image_patch_done(&found->patch);
    free(found->path);
    free(found->kept);
    strv_free(found->builds);
}

/* A module that the gate refuses for every kernel does not belong in an image. A policy with an
 * error is included in the image, and reported there. Of a refused module p has the digest as well. */
static int see_module(const struct host *h, const struct policy *policy, const char *path,
                      const struct manifest_kernel *kernel, const char *release, struct image_patch *p,
                      struct error *e) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(trust_report_done) struct trust_report report = {};
    const struct trust_machine machine = { .policy = policy };
    _cleanup_free_ char *boot_id = NULL;
    struct gate gate = { .machine = &machine, .kernel = kernel, .release = release,
                         .check_ledger = guard_check, .stage = "initrd" };
    struct host unasked = *h; /* not const, but with these flags nothing is asked */
    int r;

    (void) file_read_line(h, "/proc/sys/kernel/random/boot_id", &boot_id);
    gate.boot_id = boot_id;
    r = module_file_open(h, path, &f, e);
    if (r >= 0)
        r = gate_check(&unasked, &gate, &f, GATE_BYTES_ONLY, &report, NULL, e);
    if (string_set(&p->sha256, *f.sha256 ? f.sha256 : NULL) < 0 || string_set(&p->build_id, f.info.build_id) < 0)
        return -ENOMEM;
    return r;
}

/* The last confirmed build is in the image beside the installed one, which the initramfs may know, or
 * come to know, as quarantined. Without one that passes the gate the answer is that of the installed
 * one: gate. */
static int see_confirmed(const struct host *h, const struct policy *policy, const struct manifest_kernel *kernel,
                         const char *release, int gate, struct found *found) {
    _cleanup_(image_patch_done) struct image_patch kept = {};
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    r = store_find_confirmed(h, found->path, &path);
    if (r >= 0)
        r = see_module(h, policy, path, kernel, release, &kept, &e);
    if (r < 0)
        return r == -ENOMEM ? r : gate;
    r = strv_extend(&found->builds, kept.sha256);
    if (r < 0)
        return r;
    found->kept = TAKE_PTR(path);
    if (gate < 0) {
        image_patch_done(&found->patch);
        found->patch = TAKE_STRUCT(kept);
    }
    return 0;
}

/* 1; 0 if the patch has no module for that kernel; or why it is left out. */
static int find_module(const struct host *h, const struct policy *policy, const struct manifest *m,
                       const char *release, struct found *found, struct error *e) {
    const struct manifest_kernel *kernel = manifest_kernel_for(m, release);
    int r;

    if (!manifest_covers(m, release))
        return 0;
    r = store_find_module_of(h, release, m, &found->path);
    if (r == -ENOENT && !kernel)
        return 0;
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "no module for %s in the module directories",
                         release);
    r = see_module(h, policy, found->path, kernel, release, &found->patch, e);
    if (r < 0 && r != -EOWNERDEAD)
        return r;
    if (strv_extend(&found->builds, found->patch.sha256) < 0)
        return -ENOMEM;
    r = see_confirmed(h, policy, kernel, release, r, found);
    return r < 0 ? r : 1;
}

/* A manifest or drop-in, with its signature if there is one. */
static int add_signed(const struct host *h, struct initramfs_files *f, const char *path) {
    _cleanup_free_ char *signature = NULL;
    int r;

    if (asprintf(&signature, "%s" MANIFEST_SIGNATURE_SUFFIX, path) < 0)
        return -ENOMEM;
    r = strv_extend(&f->files, path);
    return r >= 0 && file_exists(h, signature) ? strv_extend(&f->files, signature) : r;
}

static int add_patch(const struct host *h, struct initramfs_files *f, const struct manifest *m,
                     struct found *found) {
    struct image_patch *patches = reallocarray(f->patches, f->n_patches + 1, sizeof(*patches));
    int r;

    if (!patches)
        return -ENOMEM;
    f->patches = patches;
    f->patches[f->n_patches++] = TAKE_STRUCT(found->patch);
    r = string_set(&f->patches[f->n_patches - 1].name, m->name);
    /* Without a manifest the policy, which is in the image too, adopts the module there as well. */
    if (r >= 0 && !m->by_default)
        r = add_signed(h, f, m->path);
    STRV_FOREACH(dropin, m->dropins)
        if (r >= 0)
            r = add_signed(h, f, *dropin);
    STRV_FOREACH(sha256, found->builds)
        if (r >= 0)
            r = strv_extend(&f->builds, *sha256);
    if (r >= 0)
        r = strv_extend(&f->files, found->path);
    return r < 0 || !found->kept ? r : strv_extend(&f->files, found->kept);
}

static int look_at(const struct host *h, const struct manifest_entry *entry,
                   const struct policy *policy, const char *release, struct initramfs_files *f) {
    const struct manifest *m = &entry->manifest;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_(found_done) struct found found = {};
    int r;

    if (entry->error_number < 0)
        return warn(f, entry->name, error_message(&entry->error, entry->error_number));
    if (!m->enabled || m->stage != STAGE_INITRD || volume_holds(policy, m))
        return 0;
    r = find_module(h, policy, m, release, &found, &e);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return warn(f, entry->name, error_message(&e, r));
    return r > 0 ? add_patch(h, f, m, &found) : r;
}

static int add_main_policy(const struct host *h, struct initramfs_files *f) {
    for (size_t i = 0; i < ELEMENTSOF(conf_dirs); i++) {
        _cleanup_free_ char *path = conf_path(1u << i, "", "lpd", CONF_SUFFIX);

        if (!path)
            return -ENOMEM;
        if (file_exists(h, path) || conf_masks(h, path))
            return conf_masks(h, path) ? 0 : strv_extend(&f->files, path);
    }
    return 0;
}

/* Masks and hidden files are not needed in an image that lacks what they mask or hide. */
static int add_policy_dropins(const struct host *h, struct initramfs_files *f) {
    _cleanup_(conf_names_done) struct conf_names l = { 0 };
    int r;

    r = conf_names_list(h, CONF_ALL_DIRS, "lpd.conf.d", &l, NULL);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    for (size_t i = 0; i < l.n_names && r >= 0; i++) {
        _cleanup_free_ char *path = NULL;

        if (!l.names[i].files)
            continue;
        path = conf_path(l.names[i].files, "lpd.conf.d", l.names[i].name, CONF_SUFFIX);
        if (!path)
            return -ENOMEM;
        r = conf_masks(h, path) ? 0 : strv_extend(&f->files, path);
    }
    return r;
}

/* A policy with an error is included as it is: there, as here, nothing is trusted then. */
static int read_policy(const struct host *h, struct policy *p, char **ret_problem) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = policy_load(h, p, &e);
    return r < 0 && r != -ENOMEM ? string_set(ret_problem, error_message(&e, r)) : r;
}

/* With the character tables that vfat uses by default (FAT_DEFAULT_CODEPAGE and
 * FAT_DEFAULT_IOCHARSET, fs/fat/Kconfig and its values in distributions). The kernel loads them itself
 * with modprobe(8), which every image contains. */
int initramfs_files_add_drivers(struct initramfs_files *f) {
    static const char *const modules[] = { "ext4", "vfat", "nls_cp437", "nls_ascii",
                                           "nls_iso8859-1",
                                           "nls_utf8" };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(modules) && r >= 0; i++)
        if (!strv_contains(f->kernel_modules, modules[i]))
            r = strv_extend(&f->kernel_modules, modules[i]);
    return r;
}

static int add_volume(struct initramfs_files *f) {
    int r = strv_extend(&f->programs, LPD_LIBEXECDIR "/lpd-volume");

    return r < 0 ? r : initramfs_files_add_drivers(f);
}

/* The firmware's certificates stay in the firmware, and the driver that reads them is loaded when
 * one is needed. */
static int add_certificates(const struct host *h, struct initramfs_files *f) {
    _cleanup_(certificate_files_done) struct certificate_files c = {};
    int r;

    r = certificate_files_read_directories(h, &c);
    for (size_t i = 0; i < c.n_files && r >= 0; i++)
        r = strv_extend(&f->files, c.files[i].path);
    STRV_FOREACH(refused, c.refused)
        if (r >= 0)
            r = strv_extend(&f->warnings, *refused);
    return r < 0 ? r : strv_extend(&f->kernel_modules, "efivarfs");
}

/* The algorithms that signatures of patches and manifests may use, as the kernel requests them
 * from modprobe(8) when it checks one (MODULE_ALIAS_CRYPTO() in crypto/): its own hash and RSA are
 * built in, others need not be, such as SHA-512 in Debian 12. All of them, because a volume may
 * have any signatures. */
static int add_algorithms(struct initramfs_files *f) {
    static const char *const aliases[] = {
        "crypto-sha384", "crypto-sha512", "crypto-sha3-256", "crypto-sha3-384", "crypto-sha3-512", "crypto-sm3",
        "crypto-streebog256", "crypto-streebog512", "crypto-ecdsa-nist-p256", "crypto-ecdsa-nist-p384",
        "crypto-ecdsa-nist-p521", "crypto-ecrdsa",
    };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(aliases) && r >= 0; i++)
        r = strv_extend(&f->kernel_modules, aliases[i]);
    return r;
}

static int add_the_rest(const struct host *h, const struct policy *p, struct initramfs_files *f) {
    int r;

    r = strv_extend(&f->programs, LPD_LIBEXECDIR "/lpd");
    if (r >= 0)
        r = strv_extend(&f->programs, LPD_LIBEXECDIR "/lpd-parser");
    if (r >= 0 && p->store_device)
        r = add_volume(f);
    if (r >= 0)
        r = add_main_policy(h, f);
    if (r >= 0)
        r = add_policy_dropins(h, f);
    if (r >= 0)
        r = add_certificates(h, f);
    if (r >= 0)
        r = add_algorithms(f);
    if (r >= 0 && file_exists(h, "/etc/lpd/disable"))
        r = strv_extend(&f->files, "/etc/lpd/disable");
    return r;
}

int initramfs_files_of_patches(const struct host *h, const struct manifest_list *l,
                               const struct policy *policy, const char *release,
                               struct initramfs_files *ret) {
    _cleanup_(initramfs_files_done) struct initramfs_files f = {};
    int r;

    for (size_t i = 0; i < l->n_entries; i++) {
        r = look_at(h, l->entries + i, policy, release, &f);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(f);
    return 0;
}

int initramfs_files_find(const struct host *h, const char *release, struct initramfs_files *ret,
                         struct error *e) {
    _cleanup_(initramfs_files_done) struct initramfs_files f = {};
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    _cleanup_(policy_done) struct policy p = {};
    _cleanup_free_ char *problem = NULL;
    int r;

    r = read_policy(h, &p, &problem);
    if (r >= 0)
        r = manifest_list_load(h, &p, &l, e);
    if (r >= 0)
        r = initramfs_files_of_patches(h, &l, &p, release, &f);
    if (r >= 0 && problem && (f.n_patches > 0 || p.store_device || f.warnings))
        r = strv_extend(&f.warnings, problem);
    if (r >= 0 && (f.n_patches > 0 || p.store_device))
        r = add_the_rest(h, &p, &f);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(f);
    return 0;
}
