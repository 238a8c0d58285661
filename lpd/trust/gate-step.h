/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The question of the gate that was answered with no; apart from it, as a plan needs no more. */
enum gate_step { GATE_NONE, GATE_FILE, GATE_POLICY, GATE_PIN, GATE_FORM, GATE_SIGNATURE };

/* "file", "pin", …; what concerns the policy is a matter of the signature. */
const char *gate_step_to_string(enum gate_step s);

#define GATE_POLICY_HINT "'lpctl lint' shows what is wrong with it"

/* Nothing is trusted while the policy cannot be read. policy_error: why it cannot, a negative errno with
 * problem, or 0 if it can. 0 or -EBADMSG (EXIT_STATUS_CONFIG), with GATE_POLICY_HINT. */
int gate_check_policy(int policy_error, const struct error *problem, struct error *e);
