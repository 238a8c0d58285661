/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "lock/may-lock.h"
#include "plan/missing.h"

/* Each check below answers one question: 1 if the next check may follow, or the error that
 * decides. */

static int check_kernel(const struct snapshot *s, const struct plan *p, struct error *e) {
    if (s->facts.modules_disabled >= 0)
        return 1;
    return error_set(e, -EOPNOTSUPP, EXIT_STATUS_KERNEL,
                     "this kernel has no switch kernel.modules_disabled");
}

static int check_policy(const struct snapshot *s, const struct plan *p, struct error *e) {
    int r = s->policy_error;

    if (r >= 0)
        return 1;
    return error_hint(e, error_set(e, r, EXIT_STATUS_CONFIG, "the policy has an error: %s",
                                   error_message(&s->policy_problem, r)),
                      "check it: lpctl lint");
}

static int check_switches(const struct snapshot *s, const struct plan *p, struct error *e) {
    const char *option = s->switches.disabled        ? "lpd=0"
                         : s->switches.lock_disabled ? "lpd.lock=0"
                                                     : NULL;

    if (s->switches.crash_kernel)
        return error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s", cmdline_off(&s->switches));
    if (option)
        return error_hint(e, error_set(e, -ECANCELED, EXIT_STATUS_FAILED,
                                       "%s is on the kernel command line", option),
                          "reboot without it");
    if (s->disable_file)
        return error_hint(e, error_set(e, -ECANCELED, EXIT_STATUS_FAILED,
                                       "/etc/lpd/disable exists"),
                          "remove it first");
    return 1;
}

/* Whether lpd.service will load it as soon as the transition of another patch has finished. */
static bool is_awaited(const struct snapshot *s, const struct plan *p, size_t i) {
    const struct result *result = result_list_find(&s->results, s->manifests.entries[i].name);

    return result && streq(strempty(result->action), "wait") &&
        p->by_manifest[i]->type == ACTION_LOAD;
}

static int check_missing(const struct snapshot *s, const struct plan *p, struct error *e) {
    _cleanup_strv_free_ char **missing = NULL;
    _cleanup_free_ char *names = NULL;
    int r;

    for (size_t i = 0; i < s->manifests.n_entries; i++)
        if (plan_is_missing(s, p, s->policy.lock_require, i) && !is_awaited(s, p, i) &&
            strv_extend(&missing, s->manifests.entries[i].name) < 0)
            return -ENOMEM;
    if (!missing)
        return 1;
    names = strv_join(missing, ", ");
    r = error_set(e, -ENODATA, EXIT_STATUS_REQUIRED,
                  "required, but not loaded: %s; after the lock they could not be loaded",
                  strempty(names));
    return error_hint(e, r, "find out why: lpctl why %s", missing[0]);
}

static int not_yet(struct error *e, const char *name, const char *what, const char *hint) {
    return error_hint(e, error_set(e, -EAGAIN, EXIT_STATUS_TIMEOUT, "%s: %s", name, what), "%s",
                      hint);
}

static int check_transition(const struct snapshot *s, const struct plan *p, struct error *e) {
    const struct livepatch *running = livepatch_list_transition(&s->loaded);

    if (!running)
        return 1;
    return not_yet(e, running->name, "its transition runs",
                   "wait for it with --wait; to see what blocks it: lpctl blocking");
}

static int check_awaited(const struct snapshot *s, const struct plan *p, struct error *e) {
    for (size_t i = 0; i < s->manifests.n_entries; i++)
        if (is_awaited(s, p, i))
            return not_yet(e, s->manifests.entries[i].name,
                           "it waits for another transition, after which lpd.service loads it",
                           "wait for it with --wait; see systemctl status lpd");
    return 1;
}

/* If a probe fails, its patch is unloaded, and after a lock it could not be loaded again. Without
 * the record of the load no one will run the probe, and it is unknown whether it has run. */
static int check_probes(const struct snapshot *s, const struct plan *p, struct error *e) {
    for (size_t i = 0; i < s->manifests.n_entries; i++) {
        const struct manifest_entry *entry = s->manifests.entries + i;
        const struct result *result = result_list_find(&s->results, entry->name);
        const struct livepatch *in = snapshot_livepatch(s, i);
        int r;

        if (entry->error_number < 0 || !entry->manifest.probe || !in || !in->registered ||
            !in->enabled)
            continue;
        if (result && result->loaded && result->complete)
            continue;
        if ((result && result->loaded) || !plan_requires(s, p, s->policy.lock_require, i))
            return not_yet(e, entry->name, "its probe has not run yet",
                           "wait for it with --wait; see systemctl status lpd");
        r = error_set(e, -ENODATA, EXIT_STATUS_REQUIRED,
                      "%s: it is unknown whether its probe has run, because its load is not "
                      "recorded",
                      entry->name);
        return error_hint(e, r, "load it again: lpctl unload %s, then lpctl load %s", entry->name,
                          entry->name);
    }
    return 1;
}

int lock_decide(const struct snapshot *s, const struct plan *p, struct error *e) {
    static int (*const checks[])(const struct snapshot *, const struct plan *, struct error *) = {
        check_kernel,     check_policy,  check_switches, check_missing,
        check_transition, check_awaited, check_probes,
    };
    bool done = s->facts.modules_disabled == 1 &&
                (!s->policy.lock_kexec || s->facts.kexec_disabled != 0) &&
                (!s->policy.lock_seal || s->facts.sealed);
    int r;

    if (done)
        return 0;
    for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
        r = checks[i](s, p, e);
        if (r < 0)
            return r;
    }
    return 1;
}
