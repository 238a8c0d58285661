/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For any text the policy stays complete: each key has a value and an origin. */
#include "config/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise) {
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_(policy_done) struct policy p = { 0 };
    struct error e = ERROR_NULL;
    int r;

    require(policy_default(&p) == 0);
    r = policy_parse(&p, "F", (const char *) data, size, &e);
    require((r < 0) == (e.message != NULL));
    error_done(&e);
    require(signature_policy_to_string(p.signature) && lock_policy_to_string(p.lock));
    require(p.keyrings > 0 && p.keyrings <= 15);
    require(p.guard_max_attempts >= 1 && p.guard_ledger);
    require(p.n_origins == n_policy_keys);
    for (size_t i = 0; i < p.n_origins; i++)
        require(p.origins[i].value && (p.origins[i].path != NULL) == (p.origins[i].line > 0));
    return 0;
}
