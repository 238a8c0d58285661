/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The check of the gate that refused a module. A separate file, because a plan needs nothing else
 * of the gate. */
enum gate_step { GATE_NONE, GATE_FILE, GATE_POLICY, GATE_PIN, GATE_FORM, GATE_SIGNATURE, GATE_LEDGER };

/* "file", "pin", …; a problem of the policy is reported as one of the signature. */
const char *gate_step_to_string(enum gate_step s);

#define GATE_POLICY_HINT "check it: lpctl lint"

/* Nothing is trusted while the policy has an error. policy_error: a negative errno with problem,
 * or 0. 0 or -EBADMSG (EXIT_STATUS_CONFIG), with GATE_POLICY_HINT. */
int gate_check_policy(int policy_error, const struct error *problem, struct error *e);
