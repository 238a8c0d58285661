/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/verification.h"

/* The verdict is that no key was found: finds out where it does stand, and what would help. 0, -ENOMEM. */
int diagnose_missing_key(struct verification *j);
