/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "trust/report.h"

/* Shared by the verbs that verify signatures. */

/* Appends the steps of a verification to the array: {step, outcome, fact}. */
void signature_add_steps(json_object *steps, const struct trust_report *t);

/* Appends a step of the verb's own, and returns it. */
json_object *signature_add_step(json_object *steps, const char *step, enum step_outcome outcome,
                                const char *fact);

/* Prints the steps as text, indented by that many columns. */
void print_steps(json_object *steps, int indent);
