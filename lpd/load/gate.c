/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "livepatch/kernel-flag.h"
#include "load/gate.h"

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
    int r, k;

    r = gate_check(h, &gate, f, 0, &report, NULL, e);
    if (r == -ENOMEM || report.n_steps == 0)
        return MIN(r, 0);
    /* What is on record of a patch that is in is what it was loaded with. */
    k = r >= 0 || !result->loaded ? gate_record(&report, result) : 0;
    return k < 0 ? k : MIN(r, 0);
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
