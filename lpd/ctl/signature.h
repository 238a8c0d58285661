/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "trust/report.h"

/* What the verbs that ask about signatures share. */

/* The steps of a verification, after those that are in the array: {step, outcome, fact}. */
void signature_add_steps(json_object *steps, const struct trust_report *t);

/* One step of the verb's own. Returns it. */
json_object *signature_add_step(json_object *steps, const char *step, enum step_outcome outcome,
                                const char *fact);

/* The steps as text, so many columns in. */
void print_steps(json_object *steps, int indent);
