/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/policy.h"
#include "plan/snapshot.h"
#include "report/value.h"

/* Adds to the status what is known of boots to come: "initramfs" and "nextBoot". Both are there also
 * on failure, which is a negative errno. */
int boots_add(const struct host *h, const struct snapshot *s, json_object *value);

/* Whether the policy silences that warning. value is that of the status. */
bool status_silences(json_object *value, enum warning w);

/* Prints their warnings. */
void print_boots(json_object *value);
