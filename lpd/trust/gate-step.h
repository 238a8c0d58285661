/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The question of the gate that was answered with no; apart from it, as a plan needs no more. */
enum gate_step { GATE_NONE, GATE_FILE, GATE_POLICY, GATE_PIN, GATE_FORM, GATE_SIGNATURE };

/* "file", "pin", …; what concerns the policy is a matter of the signature. */
const char *gate_step_to_string(enum gate_step s);
