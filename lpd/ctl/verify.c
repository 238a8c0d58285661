/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "config/name.h"
#include "ctl/signature.h"
#include "guard/check.h"
#include "load/gate-record.h"
#include "report/status.h"
#include "trust/manifest.h"

/* lpctl verify: says whether a load would accept a file, without loading it. */

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
    int width = 14;

    for (size_t i = 0; i < json_object_array_length(steps); i++)
        width = MAX(width, (int) strlen(value_get(json_object_array_get_idx(steps, i), "step")));
    for (size_t i = 0; i < json_object_array_length(steps); i++) {
        json_object *step = json_object_array_get_idx(steps, i);
        const char *mark = "";

        for (size_t k = 0; k < ELEMENTSOF(marks); k++)
            if (streq(value_get(step, "outcome"), marks[k].outcome))
                mark = marks[k].mark;
        printf("%*s%-4s %-*s %s\n", indent, "", mark, width, value_get(step, "step"),
               strempty(value_get(step, "fact")));
    }
}

struct verification {
    struct snapshot snapshot;
    struct module_file file;
    size_t index; /* index of the patch that the module belongs to; SIZE_MAX: a file without a
                   * patch */
    struct trust_report report;
    json_object *steps;
    struct error refusal; /* the first reason, of a step before the signature, to refuse the load */
    int refused;          /* its error number, or 0 */
    struct error ledger_refusal; /* why the ledger, which comes after the signature, refuses it */
    int ledger_refused;
};

static void verification_done(struct verification *v) {
    module_file_close(&v->file);
    trust_report_done(&v->report);
    snapshot_done(&v->snapshot);
    error_done(&v->refusal);
    error_done(&v->ledger_refusal);
}

/* Adds a step to the report, and keeps the first reason against the load. */
static void step(struct verification *v, const char *name, int r, const char *fact, struct error *e) {
    (void) signature_add_step(v->steps, name, r < 0 ? OUTCOME_FAILED : OUTCOME_PASSED,
                              r < 0 ? error_message(e, r) : fact);
    if (r >= 0 || v->refused < 0)
        return;
    v->refused = r;
    v->refusal = TAKE_STRUCT(*e);
}

/* A file on the command line belongs to the caller: it is not looked up below --root=, and may be
 * anywhere. The file of a patch must be in a safe place. */
static int open_module(struct ctl *c, struct verification *v, const char *path, struct error *e) {
    _cleanup_(error_done) struct error unsafe = ERROR_NULL;
    _cleanup_(host_close) struct host outside = HOST_NULL;
    bool installed = v->index != SIZE_MAX;
    const struct host *h = installed ? &c->host : &outside;
    int unsafe_r, r;

    r = host_open("/", &outside);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "/: %s", strerror(-r));
    unsafe_r = module_file_open(h, path, &v->file, &unsafe);
    if (unsafe_r >= 0) {
        step(v, "file", 0, "only root can write to it and to the directories above it", NULL);
        return 0;
    }
    r = module_file_open_untrusted(h, path, &v->file, e);
    if (r < 0)
        return r;
    if (installed)
        step(v, "file", unsafe_r, NULL, &unsafe);
    else
        (void) signature_add_step(v->steps, "file", OUTCOME_NOTE,
                                  "others can write to it here; lpctl install makes a copy in a "
                                  "safe place");
    return 0;
}

/* Checks what a load checks before it reads the module. A manifest that cannot be verified here
 * counts as not verified. */
static int check_manifest(struct ctl *c, struct verification *v, const struct gate *gate) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    if (v->index == SIZE_MAX || gate->policy_error < 0 || !gate->machine->policy->signed_manifests)
        return 0;
    r = trust_check_manifest(&c->host, gate->machine, &v->snapshot.manifests.entries[v->index].manifest, &e);
    if (r == -ENOMEM)
        return r;
    step(v, "manifest-signature", r, "SignedManifests=yes, and it is signed", &e);
    return 0;
}

static void check_pin(struct verification *v, const struct gate *gate) {
    _cleanup_(error_done) struct error e = ERROR_NULL;

    module_file_sha256(&v->file);
    if (gate->kernel && gate->kernel->sha256)
        step(v, "pin", module_check_pin(v->file.path, v->file.sha256, gate->kernel, &e),
             "its SHA256 is that of the manifest", &e);
}

static void check_form(struct verification *v, const struct gate *gate) {
    const struct module_info *info = &v->file.info;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_free_ char *fact = NULL;
    int length = (int) strcspn(strempty(info->vermagic), " ");

    if (asprintf(&fact, "a live patch named %s for %.*s%s%s", info->name, length, strempty(info->vermagic),
                 gate->release ? ", and this kernel is " : "", strempty(gate->release)) < 0)
        fact = NULL;
    step(v, "form", module_check_form(&v->file, gate->release, &e), strempty(fact), &e);
}

/* What this machine knows of the build. Another machine may know something else, so a build that
 * nothing is known of has no step. */
static int check_ledger(struct ctl *c, struct verification *v, const struct gate *gate) {
    const struct guard_moment moment = guard_moment_of(gate);
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_free_ char *fact = NULL;
    int r;

    if (!gate->release || ledger_read(&c->host, gate->release, v->file.sha256, &b) == -ENOENT)
        return 0;
    r = v->ledger_refused = gate->check_ledger(&c->host, gate, v->file.sha256, &v->ledger_refusal);
    fact = guard_describe(b.name ? &b : NULL, &moment);
    if (r == -ENOMEM || !fact)
        return -ENOMEM;
    (void) signature_add_step(v->steps, gate_step_to_string(GATE_LEDGER),
                              r < 0 ? OUTCOME_FAILED : OUTCOME_PASSED,
                              r < 0 ? error_message(&v->ledger_refusal, r) : fact);
    return 0;
}

static int find_file(struct ctl *c, struct verification *v, const char *argument, char **ret_path,
                     struct error *e) {
    const struct manifest_entry *entry;

    v->index = SIZE_MAX;
    if (strchr(argument, '/') || strstr(argument, ".ko"))
        return ctl_find_file(argument, ret_path, e);
    v->index = snapshot_find(&v->snapshot, argument);
    if (v->index == SIZE_MAX)
        return ctl_no_patch(c, argument, e);
    entry = v->snapshot.manifests.entries + v->index;
    if (entry->error_number < 0)
        return error_set(e, entry->error_number, EXIT_STATUS_CONFIG, "%s",
                         error_message(&entry->error, entry->error_number));
    if (!v->snapshot.patch_infos[v->index].module_path)
        return error_set(e, -ENOENT, EXIT_STATUS_KERNEL, "%s has no module for this kernel", argument);
    *ret_path = strdup(v->snapshot.patch_infos[v->index].module_path);
    return *ret_path ? 0 : -ENOMEM;
}

/* What each of the policies would decide. */
static json_object *policies_value(const struct verification *v) {
    bool good = v->refused >= 0 && v->ledger_refused >= 0;
    json_object *o = json_object_new_object();
    enum verdict verdict = v->report.verdict;

    if (verdict == VERDICT_LOCAL)
        verdict = VERDICT_UNKNOWN_SIGNER;
    json_add_bool(o, "required", good && verdict_accepted(verdict, SIGNATURE_REQUIRED));
    if (v->report.local && !verdict_accepted(verdict, SIGNATURE_LOCAL) &&
        verdict_accepted(verdict, SIGNATURE_PERMISSIVE))
        verdict = VERDICT_LOCAL;
    json_add_bool(o, "local", good && verdict_accepted(verdict, SIGNATURE_LOCAL));
    json_add_bool(o, "permissive", good && verdict_accepted(verdict, SIGNATURE_PERMISSIVE));
    return o;
}

/* Describes the refusal as the gate does. lpctl verify needs a verdict now: if only the load could
 * check the signature, it is not verified. */
static int refuse(struct verification *v, const struct gate *gate, const char *path, struct error *e) {
    int r = gate_check_policy(gate->policy_error, gate->policy_problem, e);

    if (r < 0)
        return r;
    if (v->refused < 0) {
        error_done(e);
        *e = TAKE_STRUCT(v->refusal);
        return v->refused;
    }
    r = trust_check(&v->report, gate->machine->policy->signature, path, e);
    if (r < 0 || v->ledger_refused >= 0)
        return r;
    *e = TAKE_STRUCT(v->ledger_refusal);
    return v->ledger_refused;
}

/* The file and line that set that key, or NULL. */
static json_object *origin_value(const struct policy *p, const char *key) {
    json_object *o;

    for (size_t i = 0; i < p->n_origins; i++) {
        if (!streq(p->origins[i].key, key) || !p->origins[i].path)
            continue;
        o = json_object_new_object();
        json_add_string(o, "path", p->origins[i].path);
        json_add_number(o, "line", p->origins[i].line);
        return o;
    }
    return NULL;
}

static int verify(struct ctl *c, struct verification *v, const char *path, struct error *e) {
    _cleanup_(result_done) struct result result = {};
    struct trust_machine machine;
    const struct gate gate = snapshot_gate(&v->snapshot, v->index, &machine);
    int r;

    r = check_manifest(c, v, &gate);
    if (r >= 0)
        r = open_module(c, v, path, e);
    if (r < 0)
        return r;
    check_pin(v, &gate);
    check_form(v, &gate);
    r = trust_verify_module(&c->host, &machine, &v->file, TRUST_EXPLAIN, &v->report);
    if (r < 0)
        return r;
    signature_add_steps(v->steps, &v->report);
    r = check_ledger(c, v, &gate);
    if (r < 0)
        return r;
    json_add_string(c->value, "sha256", v->file.sha256);
    r = gate_record(&v->report, &result);
    if (r < 0)
        return r;
    json_object_object_add(c->value, "signature", status_build_signature(&result));
    json_add_string(c->value, "policy", signature_policy_to_string(v->snapshot.policy.signature));
    json_object_object_add(c->value, "policyOrigin", origin_value(&v->snapshot.policy, "Signature"));
    json_object_object_add(c->value, "accepted", policies_value(v));
    return refuse(v, &gate, path, e);
}

int ctl_verify(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(verification_done) struct verification v = { .file = MODULE_FILE_NULL, .refusal = ERROR_NULL,
                                                             .ledger_refusal = ERROR_NULL };
    _cleanup_free_ char *path = NULL;
    int r;

    r = snapshot_take(&c->host, 0, &v.snapshot, e);
    if (r >= 0)
        r = find_file(c, &v, argv[0], &path, e);
    if (r < 0)
        return r;
    c->value = value_new();
    json_add_string(c->value, "path", path);
    v.steps = json_object_new_array();
    json_object_object_add(c->value, "steps", v.steps);
    return verify(c, &v, path, e);
}

/* " (PATH:LINE)", " (the default)", or "" if the policy is not this machine's own. */
static char *origin_text(const struct ctl *c, const char *policy) {
    json_object *origin = json_object_object_get(c->value, "policyOrigin");
    char *text;

    if (!streq(policy, strempty(value_get(c->value, "policy"))))
        return strdup("");
    if (!origin)
        return strdup(" (the default)");
    return asprintf(&text, " (%s:%lld)", value_get(origin, "path"),
                    (long long) json_object_get_int64(json_object_object_get(origin, "line"))) < 0 ? NULL : text;
}

void print_verify(const struct ctl *c) {
    json_object *signature, *accepted;
    bool at_load;

    print_steps(json_object_object_get(c->value, "steps"), 0);
    if (!json_object_object_get_ex(c->value, "signature", &signature))
        return;
    accepted = json_object_object_get(c->value, "accepted");
    /* Nobody has checked it yet. */
    at_load = streq(strempty(value_get(signature, "verdict")), verdict_to_string(VERDICT_ENFORCED));
    printf("=> %s\n", value_get(signature, "verdict"));
    json_object_object_foreach(accepted, policy, value) {
        _cleanup_free_ char *origin = origin_text(c, policy);

        printf("   Signature=%-10s %s%s\n", policy,
               !json_object_get_boolean(value) ? "refuses it" : at_load ? "leaves it to the load" : "accepts it",
               strempty(origin));
    }
}
