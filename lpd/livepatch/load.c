/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/module.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "livepatch/facts.h"
#include "livepatch/build.h"
#include "livepatch/kernel-flag.h"
#include "livepatch/kmsg.h"
#include "livepatch/load.h"
#include "livepatch/refusal.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"
#include "livepatch/view.h"
#include "livepatch/wait.h"
#include "module/check.h"

/* The headers of kernels before 5.17 lack this. */
#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4
#endif

/* Of files that hold modules, in the reference policy and in all that derive from it. */
#define MODULE_LABEL "modules_object_t"

/* How often and at what interval to retry when the kernel is busy without a transition to wait
 * for. */
#define TRIES_MAX 3
#define TRY_AGAIN_USEC (20 * USEC_PER_MSEC)

/* How long unloading a wrong module may take. */
#define UNDO_TIMEOUT_USEC (30 * USEC_PER_SEC)

/* A load in progress. */
struct load {
    struct host *h;
    const struct module_file *f;
    const struct load_options *o;
    const char *name;
    uint64_t deadline; /* how long to wait for other transitions */
    char **before;     /* the modules that the kernel had just before */
    bool from_file;    /* the kernel has read the file itself */
};

static void load_done(struct load *l) {
    strv_free(l->before);
}

/* What the kernel has loaded under that name. */
enum presence {
    PRESENCE_NONE,     /* it can be loaded */
    PRESENCE_SAME,     /* it is loaded already */
    PRESENCE_RESTORED, /* it was being disabled, and is being enabled again */
    PRESENCE_UNCLEAR,  /* the situation has changed: check again */
};

static int check_module(struct host *h, const struct module_file *f, struct error *e) {
    _cleanup_free_ char *release = NULL;
    int r;

    r = h->ops->release(h, &release);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "the kernel's release is unknown: %s",
                         strerror(-r));
    return module_check_form(f, release, e);
}

/* Conditions under which the kernel refuses any patch are checked first, because its errno is
 * vague. */
static int check_kernel(struct load *l, struct error *e) {
    int r = 0;

    if (!l->h->live || !file_exists(l->h, LIVEPATCH_DIRECTORY))
        r = -EOPNOTSUPP;
    else if (kernel_flag_read(l->h, KERNEL_MODULES_DISABLED) == 1)
        r = -EPERM;
    else if (kernel_flag_read(l->h, KERNEL_FTRACE_ENABLED) == 0)
        r = -EBUSY;
    return r < 0 ? refusal_describe(l->h, REFUSAL_LOAD, l->f->path, r, NULL, e) : 0;
}

static int wait_for_transition(struct load *l, const char *other, struct error *e) {
    int r;

    r = transition_wait(l->h, other, wait_remaining(l->h, l->deadline));
    if (r != -ETIME)
        return r == -ENOENT ? 0 : r;
    r = transition_stalled(l->h, other, "the transition", l->o->busy_timeout_usec, e);
    return error_prefix(e, r, "%s has to wait", l->f->path);
}

/* A module that is loaded but not registered was a patch: it is disabled, or another one replaced
 * it. */
static int clear_remains(struct load *l, const struct livepatch *p, struct error *e) {
    int r;

    if (livepatch_is_plain_module(p))
        return error_set(e, -EEXIST, EXIT_STATUS_FAILED,
                         "%s: module %s is loaded but is not a live patch", l->f->path, l->name);
    r = livepatch_remove_module(l->h, l->name, wait_remaining(l->h, l->deadline), e);
    if (r < 0)
        return error_prefix(e, r, "%s: the patch was loaded before", l->f->path);
    return PRESENCE_UNCLEAR;
}

/* A cumulative patch disables the others at the end of its transition. While one is being enabled,
 * it is uncertain whether this patch stays enabled. Kernels before 6.11 do not say which patches
 * are cumulative. */
static int await_replacement(struct load *l, struct error *e) {
    _cleanup_free_ char *other = NULL;
    int r, replace;

    r = transition_find(l->h, &other);
    if (r <= 0 || streq(other, l->name))
        return PRESENCE_SAME;
    replace = livepatch_flag_read(l->h, other, "replace");
    if (replace == 0 || livepatch_flag_read(l->h, other, "enabled") <= 0)
        return PRESENCE_SAME;
    r = wait_for_transition(l, other, replace > 0 ? e : NULL);
    if (r == -ETIME && replace < 0)
        return PRESENCE_SAME;
    return r < 0 ? r : PRESENCE_UNCLEAR;
}

static int meet_registered(struct load *l, const struct livepatch *p, struct error *e) {
    const char *sha256 = l->f->sha256[0] ? l->f->sha256 : NULL;
    bool same = build_compare(p, l->o->loaded_sha256, l->f->info.build_id, sha256) == BUILD_SAME;
    int r;

    if (p->enabled && same)
        return await_replacement(l, e);
    if (p->enabled) {
        r = error_set(e, -EEXIST, EXIT_STATUS_FAILED,
                      "%s: another build of %s is loaded (%s, not %s)", l->f->path, l->name,
                      p->build_id ?: "without id", l->f->info.build_id ?: "none");
        return error_hint(e, r, "unload it first: 'lpctl unload %s'", l->name);
    }
    if (same && p->transition && transition_reverse(l->h, l->name, NULL) >= 0)
        return PRESENCE_RESTORED;
    r = livepatch_wait_gone(l->h, l->name, wait_remaining(l->h, l->deadline), e);
    return r < 0 ? r : PRESENCE_UNCLEAR;
}

static int look_once(struct load *l, struct error *e) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };
    int r;

    r = livepatch_read(l->h, l->name, &p);
    if (r == -ENOENT)
        return PRESENCE_NONE;
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "%s: %s", l->name, strerror(-r));
    return p.registered ? meet_registered(l, &p, e) : clear_remains(l, &p, e);
}

/* Every round waits for something that has ended since; the limit is for a program that keeps
 * changing things. */
static int look(struct load *l, struct error *e) {
    int r = PRESENCE_UNCLEAR;

    for (unsigned i = 0; i < 10 && r == PRESENCE_UNCLEAR; i++)
        r = look_once(l, e);
    if (r == PRESENCE_UNCLEAR)
        return error_set(e, -EBUSY, EXIT_STATUS_FAILED,
                         "%s: another program keeps loading and unloading %s", l->f->path, l->name);
    return r;
}

/* 1 if a transition ran, 0 if none did: the kernel accepts a patch only when none runs. If it was busy
 * nevertheless, a transition may be about to end. */
static int wait_for_others(struct load *l, bool was_busy, struct error *e) {
    _cleanup_free_ char *other = NULL;
    int r;

    r = was_busy ? transition_find(l->h, &other) : transition_find_likely(l->h, l->o->loaded_before, &other);
    if (r <= 0)
        return 0;
    r = wait_for_transition(l, other, e);
    return r < 0 ? r : 1;
}

/* LoadPin, IPE and IMA appraisal check the file that the bytes come from, and refuse bytes from
 * memory. If lpd passes the file, the kernel reads it again, so the kernel itself must check the
 * signature. */
static bool may_load_from_file(const struct load *l, int refusal) {
    return (refusal == -EPERM || refusal == -EACCES) && l->f->file_fd >= 0 &&
           kernel_flag_read(l->h, KERNEL_SIG_ENFORCE) == 1;
}

/* The flags that make the kernel ignore versions also void the signature: never use them. */
static int insert(struct load *l, char **ret_words) {
    _cleanup_close_ int log = kmsg_open(l->h);
    const char *parameters = strempty(l->o->parameters);
    int r;

    l->before = strv_free(l->before);
    r = file_list(l->h, MODULES_DIRECTORY, &l->before);
    if (r < 0 && r != -ENOENT)
        return r;
    r = l->h->ops->finit_module(l->h, l->f->fd, parameters, 0);
    l->from_file = may_load_from_file(l, r);
    if (l->from_file)
        r = l->h->ops->finit_module(l->h, l->f->file_fd, parameters,
                                    l->f->compressed ? MODULE_INIT_COMPRESSED_FILE : 0);
    if (r < 0)
        *ret_words = kmsg_words(log, l->name);
    return r;
}

/* The type in an SELinux context: USER:ROLE:TYPE[:RANGE]. */
static char *label_type(const char *label) {
    const char *type = strchr(label, ':');

    type = type ? strchr(type + 1, ':') : NULL;
    return type ? strndup(type + 1, strcspn(type + 1, ":")) : NULL;
}

/* SELinux's policies let modules be loaded only from files with a label of their own. Files of image-based
 * systems often have lib_t instead, that of the directory. Bytes from memory do not have the file's label. */
static int describe_refusal(const struct load *l, int error, const char *words, struct error *e) {
    _cleanup_free_ char *label = NULL, *type = NULL;
    int r;

    r = refusal_describe(l->h, REFUSAL_LOAD, l->f->path, error, words, e);
    if (error != -EACCES || !l->from_file || l->h->ops->file_label(l->h, l->f->file_fd, &label) < 0)
        return r;
    type = label_type(label);
    if (!type || streq(type, MODULE_LABEL))
        return r;
    return error_hint(e, error_set(e, r, EXIT_STATUS_REFUSED,
                                   "%s: a security module forbids loading it; its SELinux label is %s, not " MODULE_LABEL,
                                   l->f->path, type),
                      "label the file: chcon -t " MODULE_LABEL " %s; the audit log shows which rule forbids it", l->f->path);
}

/* Returns what was found; after PRESENCE_NONE the module has been loaded. Another program may load
 * it at the same moment, so EBUSY and EEXIST need a closer look. */
static int look_and_insert(struct load *l, struct error *e) {
    for (unsigned tries = 1;; tries++) {
        _cleanup_free_ char *words = NULL;
        int r;

        r = look(l, e);
        if (r != PRESENCE_NONE)
            return r;
        r = check_kernel(l, e);
        if (r < 0)
            return r;
        r = wait_for_others(l, tries > 1, e);
        if (r < 0)
            return r;
        if (r > 0)
            tries = 1;
        r = l->o->before ? l->o->before(l->h, l->o->userdata, e) : 0;
        if (r < 0)
            return r;
        r = insert(l, &words);
        if (r >= 0)
            return PRESENCE_NONE;
        if ((r != -EBUSY && r != -EEXIST) || tries >= TRIES_MAX)
            return describe_refusal(l, r, words, e);
        l->h->ops->sleep(l->h, TRY_AGAIN_USEC);
    }
}

/* name: the name in the kernel; NULL if it is unknown what the kernel has loaded. */
static int undo(struct load *l, const char *name, int why, const char *reason, struct error *e) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    int r;

    if (!name)
        return error_hint(e, error_set(e, why, EXIT_STATUS_REFUSED, "%s: %s; it stays loaded, "
                                                                    "because the kernel does not "
                                                                    "say under which name", l->f->path, reason),
                          "see lsmod, and reboot");
    r = livepatch_read(l->h, name, &p);
    if (r >= 0 && livepatch_is_plain_module(&p))
        r = livepatch_remove_module(l->h, name, UNDO_TIMEOUT_USEC, &problem);
    else if (r >= 0)
        r = livepatch_unload(l->h, name, UNDO_TIMEOUT_USEC, &problem);
    return error_set(e, why, EXIT_STATUS_REFUSED, "%s: %s; %s%s", l->f->path, reason,
                     r < 0 ? "unloading it again failed: " : "it was unloaded again",
                     r < 0 ? error_message(&problem, r) : "");
}

/* Whether a module that has appeared since may be the one that was loaded. Other modules can appear
 * at any time: without a build id to identify it, only a live patch can be this one. */
static bool may_be_ours(const struct load *l, const char *name) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };

    if (strv_contains(l->before, name) || livepatch_read(l->h, name, &p) < 0)
        return false;
    if (l->f->info.build_id && !l->from_file)
        return streq(strempty(p.build_id), l->f->info.build_id);
    return !livepatch_is_plain_module(&p);
}

/* The name of the module that the kernel has loaded, if it can be found out. */
static int find_loaded(const struct load *l, char **ret) {
    _cleanup_strv_free_ char **now = NULL;
    const char *found = NULL;
    size_t n = 0;
    int r;

    r = file_list(l->h, MODULES_DIRECTORY, &now);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    STRV_FOREACH(name, now)
        if (may_be_ours(l, *name)) {
            found = *name;
            n++;
        }
    return n == 1 ? string_set(ret, found) : 0;
}

/* lpd has checked the bytes in memory, but the kernel does not take the module's name from
 * .modinfo; and if the kernel has read the file itself, the file may have changed. */
static int check_loaded(struct load *l, struct error *e) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };
    _cleanup_free_ char *name = NULL;
    int r;

    r = livepatch_read(l->h, l->name, &p);
    if (r == -ENOMEM)
        return r;
    if (r >= 0 && (!p.build_id || streq(p.build_id, strempty(l->f->info.build_id)))) {
        if (p.registered)
            return 0;
        return undo(l, l->name, -EINVAL, "the module is loaded, but registers no live patch", e);
    }
    r = find_loaded(l, &name);
    if (r < 0)
        return r;
    return undo(l, name, -ESTALE, "the kernel has loaded a module under another name than the "
                                  "module's own", e);
}

/* The taint shows the kernel's verdict on the signature: E for unsigned, F for forced
 * (Documentation/admin-guide/tainted-kernels.rst). */
static bool is_unsigned(const struct livepatch *p) {
    return !p->taint || strpbrk(p->taint, "EF");
}

static int check_signed(struct load *l, bool already, struct error *e) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };
    int r;

    if (!l->o->must_be_signed)
        return 0;
    r = livepatch_read(l->h, l->name, &p);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "%s: %s", l->name, strerror(-r));
    if (!is_unsigned(&p))
        return 0;
    if (!already)
        return undo(l, l->name, -ESTALE, "it was verified, but the kernel loaded it as unsigned", e);
    r = error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED,
                  "%s: this patch is loaded, but the kernel loaded it as unsigned", l->f->path);
    return error_hint(e, r, "it was loaded by another program; to load it with lpd: lpctl unload "
                            "%s, then load it",
                      l->name);
}

static int load_file(struct host *h, const struct module_file *f, const struct load_options *o,
                   enum load_result *ret_result, struct error *e) {
    _cleanup_free_ char *name = NULL;
    _cleanup_(load_done) struct load l = { .h = h, .f = f, .o = o };
    enum load_result result;
    bool already;
    int r;

    r = check_module(h, f, e);
    if (r < 0)
        return r;
    l.name = name = patch_name_to_module(f->info.name);
    if (!name)
        return -ENOMEM;
    l.deadline = wait_deadline(h, o->busy_timeout_usec);
    r = look_and_insert(&l, e);
    if (r < 0)
        return r;
    already = r != PRESENCE_NONE;
    result = r == PRESENCE_SAME ? LOAD_ALREADY : r == PRESENCE_RESTORED ? LOAD_RESTORED : LOAD_DONE;
    r = already ? 0 : check_loaded(&l, e);
    if (r >= 0)
        r = check_signed(&l, already, e);
    if (r >= 0)
        *ret_result = result;
    return r;
}

int livepatch_load(struct host *h, const struct module_file *f, const struct load_options *o,
                   enum load_result *ret_result, struct error *e) {
    int r = load_file(h, f, o, ret_result, e);

    return r < 0 ? error_place_last(e, r, f->path) : r;
}
