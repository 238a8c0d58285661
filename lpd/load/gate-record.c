/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "livepatch/kernel-flag.h"
#include "load/gate-record.h"

int gate_record(const struct trust_report *t, struct result *result) {
    int r;

    r = string_set(&result->verdict, verdict_to_string(t->verdict));
    if (r >= 0)
        r = string_set(&result->way, t->way);
    if (r >= 0)
        r = string_set(&result->signer, t->signer);
    if (r >= 0)
        r = string_set(&result->key_id, t->key_id);
    if (r >= 0)
        r = string_set(&result->keyring, t->keyring);
    if (r >= 0)
        r = string_set(&result->hash, t->hash);
    return r < 0 ? r : string_set(&result->expired, t->expired);
}

int gate_check_module(struct host *h, const struct snapshot *s, size_t i, struct module_file *f,
                      struct result *result, struct error *e) {
    _cleanup_(trust_report_done) struct trust_report report = {};
    struct trust_machine machine;
    const struct gate gate = snapshot_gate(s, i, &machine);
    bool at_load;
    int r, k;

    r = gate_check(h, &gate, f, TRUST_AT_LOAD, &report, NULL, e);
    if (r == -ENOMEM || report.n_steps == 0)
        return MIN(r, 0);
    at_load = r >= 0 && report.verdict == VERDICT_ENFORCED;
    /* The record of a loaded patch describes the bytes that were loaded. */
    k = (r >= 0 && !at_load) || !result->loaded ? gate_record(&report, result) : 0;
    if (k < 0)
        return k;
    return at_load ? GATE_AT_LOAD : MIN(r, 0);
}

/* The errors with which a kernel that enforces signatures refuses a module; one cause of EPERM is
 * lockdown. */
static bool is_about_signature(const struct snapshot *s, int r) {
    return r == -EKEYREJECTED || r == -EBADMSG || r == -ENOKEY || r == -ENOPKG ||
           (r == -EPERM && s->facts.sig_enforce != 1);
}

static int close_accepted(struct result *result) {
    const struct trust_report report = { .verdict = VERDICT_VERIFIED, .way = "kernel-load" };

    return gate_record(&report, result);
}

static int close_refused(struct host *h, const struct snapshot *s, struct module_file *f, int r,
                         struct result *result, struct error *e) {
    _cleanup_(trust_report_done) struct trust_report report = {};
    const struct trust_machine machine = snapshot_trust_machine(s);
    int k;

    k = trust_diagnose_refusal(h, &machine, f, r, &report);
    if (k >= 0 && !result->loaded)
        k = gate_record(&report, result);
    if (k < 0 || verdict_accepted(report.verdict, s->policy.signature))
        return MIN(k, 0) ?: r;
    return trust_check(&report, s->policy.signature, f->path, e);
}

/* The loaded build is the same, but the bytes may differ, for instance in the signature. */
static int close_unloaded(struct host *h, const struct snapshot *s, struct module_file *f,
                          struct result *result, struct error *e) {
    _cleanup_(trust_report_done) struct trust_report report = {};
    const struct trust_machine machine = snapshot_trust_machine(s);
    int r, k;

    if (result->loaded && result->sha256 && streq(result->sha256, f->sha256))
        return 0;
    r = trust_verify_module(h, &machine, f, TRUST_NO_LOAD, &report);
    if (r < 0)
        return r;
    r = trust_check(&report, s->policy.signature, f->path, e);
    k = r >= 0 || !result->loaded ? gate_record(&report, result) : 0;
    return k < 0 ? k : r;
}

int gate_close(struct host *h, const struct snapshot *s, struct module_file *f, int r, bool checked,
               struct result *result, struct error *e) {
    int k;

    if (r < 0)
        return is_about_signature(s, r) ? close_refused(h, s, f, r, result, e) : r;
    k = checked ? close_accepted(result) : close_unloaded(h, s, f, result, e);
    return k < 0 ? k : r;
}

int gate_enforce(struct host *h, const struct snapshot *s, struct error *e) {
    int r;

    if (!s->policy.enforce_in_kernel || s->facts.sig_enforce == 1)
        return 0;
    r = kernel_flag_set(h, KERNEL_SIG_ENFORCE);
    if (r >= 0)
        return 0;
    return error_hint(e, error_set(e, r, EXIT_STATUS_FAILED,
                                   "EnforceInKernel=yes, but the kernel does not: " KERNEL_SIG_ENFORCE ": %s",
                                   r == -EIO ? "it stays off" : strerror(-r)),
                      "use a kernel with CONFIG_MODULE_SIG, or set EnforceInKernel=no in lpd.conf");
}
