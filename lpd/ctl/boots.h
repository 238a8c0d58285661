/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/policy.h"
#include "plan/snapshot.h"
#include "report/value.h"

/* Adds "initramfs", "nextBoot", "crash" and "kpatch", which describe coming boots, to the status. Adds them
 * even if it fails. Returns a negative errno on failure. */
int boots_add(const struct host *h, const struct snapshot *s, json_object *value);

/* Whether the policy silences that warning. value is the status. */
bool status_silences(json_object *value, enum warning w);

/* Prints the warnings about coming boots. */
void print_boots(json_object *value);
