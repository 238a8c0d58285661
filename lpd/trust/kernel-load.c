/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "trust/kernel-load.h"
#include "trust/kernel-verify.h"

static bool blacklists_certificates(const struct verification *j) {
    STRV_FOREACH(entry, j->keyrings.blacklist)
        if (startswith(*entry, "tbs:"))
            return true;
    return false;
}

const char *kernel_load_obstacle(const struct verification *j) {
    if (j->machine->sig_enforce != 1 && !j->machine->locked_down)
        return "the kernel does not enforce signatures";
    if (!j->keyrings.readable)
        return "the kernel's keyrings cannot be read";
    if (verification_left_out(j, ~0U))
        return "the kernel trusts keys that Keyrings= leaves out";
    return NULL;
}

/* lpd refuses signatures by a certificate on .blacklist, which some kernels accept, and only the
 * parser can tell whose certificate that is. */
static const char *find_obstacle(const struct verification *j) {
    const char *obstacle = kernel_load_obstacle(j);

    return obstacle ?: blacklists_certificates(j) ? "the kernel's .blacklist names certificates" : NULL;
}

static int conclude_enforced(struct verification *j) {
    struct trust_report *t = &j->report;

    t->verdict = VERDICT_ENFORCED;
    t->way = KERNEL_LOAD;
    if (string_set(&t->reason, "the kernel will check it at the load") < 0 ||
        trust_report_add(t, KERNEL_LOAD, OUTCOME_PASSED,
                         "the kernel enforces signatures, and every keyring it trusts counts: "
                         "it checks the signature when it loads the module") < 0)
        return -ENOMEM;
    return 1;
}

int kernel_load_decide(struct verification *j) {
    const char *obstacle;
    int r;

    if (j->flags & TRUST_NO_LOAD || !j->host->live || !j->subject->signature)
        return 0;
    r = verification_read_keyrings(j);
    if (r < 0)
        return r;
    obstacle = find_obstacle(j);
    if (obstacle)
        return trust_report_add(&j->report, KERNEL_LOAD, OUTCOME_UNAVAILABLE, "%s", obstacle);
    r = verify_revoked(j);
    return r != 0 ? r : conclude_enforced(j);
}
