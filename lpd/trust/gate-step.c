/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/macro.h"
#include "trust/gate-step.h"

const char *gate_step_to_string(enum gate_step s) {
    static const char *const words[] = {
        [GATE_NONE] = "",    [GATE_FILE] = "file", [GATE_POLICY] = "signature",
        [GATE_PIN] = "pin",  [GATE_FORM] = "form", [GATE_SIGNATURE] = "signature",
    };

    return words[s];
}
