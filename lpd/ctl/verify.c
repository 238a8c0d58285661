/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "config/name.h"
#include "ctl/signature.h"
#include "load/gate.h"
#include "report/status.h"

/* lpctl verify: what a load would make of a file, without loading it. */

json_object *signature_add_step(json_object *steps, const char *step, enum step_outcome outcome,
                                const char *fact) {
    json_object *o = json_object_new_object();

    json_add_string(o, "step", step);
    json_add_string(o, "outcome", outcome_to_string(outcome));
    json_add_string(o, "fact", fact);
    json_object_array_add(steps, o);
    return o;
}

void signature_add_steps(json_object *steps, const struct trust_report *t) {
    for (size_t i = 0; i < t->n_steps; i++)
        (void) signature_add_step(steps, t->steps[i].step, t->steps[i].outcome, t->steps[i].fact);
}

void print_steps(json_object *steps, int indent) {
    static const struct {
        const char *outcome, *mark;
    } marks[] = { { "passed", "ok" }, { "failed", "no" }, { "unavailable", "--" }, { "note", "" } };

    for (size_t i = 0; i < json_object_array_length(steps); i++) {
        json_object *step = json_object_array_get_idx(steps, i);
        const char *mark = "";

        for (size_t k = 0; k < ELEMENTSOF(marks); k++)
            if (streq(value_get(step, "outcome"), marks[k].outcome))
                mark = marks[k].mark;
        printf("%*s%-4s %-14s %s\n", indent, "", mark, value_get(step, "step"), strempty(value_get(step, "fact")));
    }
}

struct verification {
    struct snapshot snapshot;
    struct module_file file;
    const struct manifest_kernel *kernel; /* the section of the patch's manifest, if it has one */
    struct trust_report report;
    json_object *steps;
    const char *misfit; /* the step before the signature that speaks against a load; NULL: none */
};

static void verification_done(struct verification *v) {
    module_file_close(&v->file);
    trust_report_done(&v->report);
    snapshot_done(&v->snapshot);
}

static void step(struct verification *v, const char *name, bool passed, const char *fact) {
    json_object *o = signature_add_step(v->steps, name, passed ? OUTCOME_PASSED : OUTCOME_FAILED, fact);

    if (!passed && !v->misfit)
        v->misfit = value_get(o, "fact");
}

/* Files on the command line are the caller's, not below --root=, and may lie anywhere; one of
 * a patch may not. */
static int open_module(struct ctl *c, struct verification *v, const char *path, bool installed,
                       struct error *e) {
    _cleanup_(error_done) struct error unsafe = ERROR_NULL;
    _cleanup_(host_close) struct host outside = HOST_NULL;
    const struct host *h = installed ? &c->host : &outside;
    int r;

    r = host_open("/", &outside);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "/: %s", strerror(-r));
    r = module_file_open(h, path, &v->file, &unsafe);
    if (r >= 0) {
        step(v, "file", true, "only root can write to it and to the directories above it");
        return 0;
    }
    r = module_file_open_untrusted(h, path, &v->file, e);
    if (r < 0)
        return r;
    if (installed)
        step(v, "file", false, error_message(&unsafe, -EPERM));
    else
        (void) signature_add_step(v->steps, "file", OUTCOME_NOTE,
                                  "others can write to it here; lpctl install puts a copy in a safe place");
    return 0;
}

static void check_pin(struct verification *v) {
    bool fits;

    module_file_sha256(&v->file);
    if (!v->kernel || !v->kernel->sha256)
        return;
    fits = strstr(v->kernel->sha256, v->file.sha256);
    step(v, "pin", fits, fits ? "its SHA256 is that of the manifest" : "its SHA256 is not that of the manifest");
}

static void check_form(struct verification *v) {
    const char *release = v->snapshot.facts.release;
    const struct module_info *info = &v->file.info;
    _cleanup_free_ char *fact = NULL;
    int length = (int) strcspn(strempty(info->vermagic), " ");

    if (!info->livepatch) {
        step(v, "form", false, "a kernel module, but no live patch (no livepatch=Y)");
        return;
    }
    if (asprintf(&fact, "a live patch named %s for %.*s%s%s", info->name, length, strempty(info->vermagic),
                 release ? ", and this kernel is " : "", strempty(release)) < 0)
        fact = NULL;
    step(v, "form", !release || (info->vermagic && vermagic_matches(info->vermagic, release)), fact);
}

static int find_file(struct ctl *c, struct verification *v, const char *argument, char **ret_path,
                     bool *ret_installed, struct error *e) {
    size_t i = snapshot_find(&v->snapshot, argument);

    *ret_installed = false;
    if (strchr(argument, '/') || strstr(argument, ".ko")) {
        *ret_path = realpath(argument, NULL);
        return *ret_path ? 0 : error_set(e, -errno, EXIT_STATUS_FAILED, "%s: %s", argument, strerror(errno));
    }
    if (i == SIZE_MAX)
        return ctl_no_patch(c, argument, e);
    if (!v->snapshot.patch_infos[i].module_path)
        return error_set(e, -ENOENT, EXIT_STATUS_KERNEL, "%s has no module for this kernel", argument);
    *ret_installed = true;
    if (v->snapshot.manifests.entries[i].error_number == 0 && v->snapshot.facts.release)
        v->kernel = manifest_kernel_for(&v->snapshot.manifests.entries[i].manifest,
                                        v->snapshot.facts.release);
    *ret_path = strdup(v->snapshot.patch_infos[i].module_path);
    return *ret_path ? 0 : -ENOMEM;
}

/* What each of the policies would do with it. */
static json_object *policies_value(const struct verification *v) {
    json_object *o = json_object_new_object();
    enum verdict verdict = v->report.verdict;

    if (verdict == VERDICT_LOCAL)
        verdict = VERDICT_UNKNOWN_SIGNER;
    json_add_bool(o, "required", !v->misfit && verdict_accepted(verdict, SIGNATURE_REQUIRED));
    if (v->report.local && !verdict_accepted(verdict, SIGNATURE_LOCAL) &&
        verdict_accepted(verdict, SIGNATURE_PERMISSIVE))
        verdict = VERDICT_LOCAL;
    json_add_bool(o, "local", !v->misfit && verdict_accepted(verdict, SIGNATURE_LOCAL));
    json_add_bool(o, "permissive", !v->misfit && verdict_accepted(verdict, SIGNATURE_PERMISSIVE));
    return o;
}

static int refuse(const struct verification *v, const char *path, struct error *e) {
    const struct policy *policy = &v->snapshot.policy;

    if (v->snapshot.policy_error < 0)
        return error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED,
                         "the policy cannot be read, so nothing is trusted: %s",
                         error_message(&v->snapshot.policy_problem, v->snapshot.policy_error));
    if (v->misfit)
        return error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED, "%s would not be loaded: %s",
                         path, v->misfit);
    return trust_check(&v->report, policy->signature, path, e);
}

int ctl_verify(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(result_done) struct result result = {};
    _cleanup_(verification_done) struct verification v = { .file = MODULE_FILE_NULL };
    _cleanup_free_ char *path = NULL;
    struct trust_machine machine;
    bool installed;
    int r;

    r = snapshot_take(&c->host, 0, &v.snapshot, e);
    if (r >= 0)
        r = find_file(c, &v, argv[0], &path, &installed, e);
    if (r < 0)
        return r;
    c->value = value_new();
    json_add_string(c->value, "path", path);
    v.steps = json_object_new_array();
    json_object_object_add(c->value, "steps", v.steps);
    r = open_module(c, &v, path, installed, e);
    if (r < 0)
        return r;
    check_pin(&v);
    check_form(&v);
    machine = snapshot_trust_machine(&v.snapshot);
    r = trust_verify_module(&c->host, &machine, &v.file, TRUST_EXPLAIN, &v.report);
    if (r < 0)
        return r;
    signature_add_steps(v.steps, &v.report);
    json_add_string(c->value, "sha256", v.file.sha256);
    r = gate_record(&v.report, &result);
    if (r < 0)
        return r;
    json_object_object_add(c->value, "signature", status_build_signature(&result));
    json_add_string(c->value, "policy", signature_policy_to_string(v.snapshot.policy.signature));
    json_object_object_add(c->value, "accepted", policies_value(&v));
    return refuse(&v, path, e);
}

void print_verify(const struct ctl *c) {
    json_object *signature, *accepted;

    print_steps(json_object_object_get(c->value, "steps"), 0);
    if (!json_object_object_get_ex(c->value, "signature", &signature))
        return;
    accepted = json_object_object_get(c->value, "accepted");
    printf("=> %s\n", value_get(signature, "verdict"));
    json_object_object_foreach(accepted, policy, value)
        printf("   Signature=%-10s %s it%s\n", policy,
               json_object_get_boolean(value) ? "accepts" : "refuses",
               streq(policy, strempty(value_get(c->value, "policy"))) ? " (as set in lpd.conf)" : "");
}
