/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "livepatch/kernel-flag.h"
#include "load/gate.h"

/* The pin may name more than one hash while an install replaces the module. */
static int check_pin(struct module_file *f, const struct manifest_kernel *kernel, struct error *e) {
    if (!kernel || !kernel->sha256)
        return 0;
    module_file_sha256(f);
    if (strstr(kernel->sha256, f->sha256))
        return 0;
    return error_hint(e, error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED,
                                   "%s: its SHA256 is %s, but the manifest wants %s", f->path,
                                   f->sha256, kernel->sha256),
                      "install the module that was meant, or correct SHA256= in [Kernel:%s]",
                      kernel->release);
}

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

int gate_check_module(struct host *h, const struct snapshot *s, const struct manifest_kernel *kernel,
                 struct module_file *f, struct result *result, struct error *e) {
    _cleanup_(trust_report_done) struct trust_report report = {};
    const struct trust_machine machine = snapshot_trust_machine(s);
    int r, k;

    if (s->policy_error < 0)
        return error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED,
                         "%s: the policy cannot be read, so nothing is trusted: %s", f->path,
                         error_message(&s->policy_problem, s->policy_error));
    r = check_pin(f, kernel, e);
    if (r >= 0)
        r = trust_verify_module(h, &machine, f, 0, &report);
    if (r < 0)
        return r;
    r = trust_check(&report, s->policy.signature, f->path, e);
    /* What is on record of a patch that is in is what it was loaded with. */
    k = r >= 0 || !result->loaded ? gate_record(&report, result) : 0;
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
                      "take a kernel with CONFIG_MODULE_SIG, or set EnforceInKernel=no in lpd.conf");
}
