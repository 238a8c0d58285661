/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/verification.h"

/* For the verdict that no key was found: finds where the key is, and what would help. 0,
 * -ENOMEM. */
int diagnose_missing_key(struct verification *j);
