/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust/gate.h"

/* For another root or another kernel the running kernel cannot answer. The load decides then,
 * unless no kernel would accept the module. */
static bool is_left_to_load(const struct host *h, const struct trust_report *t) {
    return !h->live && t->verdict != VERDICT_UNSIGNED && verdict_accepted(t->verdict, SIGNATURE_PERMISSIVE);
}

int gate_check_signature(const struct host *h, const struct gate *g, const struct trust_report *t,
                         const char *what, struct error *e) {
    if (!verdict_accepted(t->verdict, g->machine->policy->signature) && is_left_to_load(h, t))
        return GATE_LATER;
    return trust_check(t, g->machine->policy->signature, what, e);
}

static int check_signature(struct host *h, const struct gate *g, struct module_file *f, unsigned flags,
                           struct trust_report *ret, struct error *e) {
    _cleanup_(trust_report_done) struct trust_report report = {};
    int r;

    if (flags & GATE_BYTES_ONLY && f->signature.present)
        return GATE_LATER;
    r = trust_verify_module(h, g->machine, f, flags & ~GATE_BYTES_ONLY, &report);
    if (r < 0)
        return r;
    r = gate_check_signature(h, g, &report, f->path, e);
    *ret = TAKE_STRUCT(report);
    return r;
}

int gate_check(struct host *h, const struct gate *g, struct module_file *f, unsigned flags,
               struct trust_report *ret, enum gate_step *ret_step, struct error *e) {
    enum gate_step step = GATE_POLICY;
    int r;

    r = gate_check_policy(g->policy_error, g->policy_problem, e);
    if (r >= 0) {
        step = GATE_PIN;
        module_file_sha256(f);
        r = module_check_pin(f->path, f->sha256, g->kernel, e);
    }
    if (r >= 0) {
        step = GATE_FORM;
        r = module_check_form(f, g->release, e);
    }
    if (r >= 0) {
        step = GATE_SIGNATURE;
        r = check_signature(h, g, f, flags, ret, e);
    }
    if (r >= 0 && g->check_ledger) {
        int k = g->check_ledger(h, g, f->sha256, e);

        step = GATE_LEDGER;
        r = k < 0 ? k : r;
    }
    if (ret_step)
        *ret_step = r < 0 ? step : GATE_NONE;
    return r;
}
