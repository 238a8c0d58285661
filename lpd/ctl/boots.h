/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/snapshot.h"
#include "report/value.h"

/* Adds to the status what is known of boots to come: "initramfs" and "nextBoot". Both are there also
 * on failure, which is a negative errno. */
int boots_add(const struct host *h, const struct snapshot *s, json_object *value);

/* Prints their warnings. */
void print_boots(json_object *value);
