/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/macro.h"
#include "trust/gate-step.h"

const char *gate_step_to_string(enum gate_step s) {
    static const char *const words[] = {
        [GATE_NONE] = "",    [GATE_FILE] = "file", [GATE_POLICY] = "signature",
        [GATE_PIN] = "pin",  [GATE_FORM] = "form", [GATE_SIGNATURE] = "signature",
        [GATE_LEDGER] = "ledger",
    };

    return words[s];
}

int gate_check_policy(int policy_error, const struct error *problem, struct error *e) {
    if (policy_error >= 0)
        return 0;
    return error_hint(e, error_set(e, -EBADMSG, EXIT_STATUS_CONFIG,
                                   "the policy has an error, so nothing is trusted: %s",
                                   error_message(problem, policy_error)),
                      GATE_POLICY_HINT);
}
