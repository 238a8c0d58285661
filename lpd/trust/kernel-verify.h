/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/verification.h"

/* The ways to ask the kernel, and the meaning of its answers. */

/* Asks the kernel, by the first way that it offers. 1: it answered, and the report has the
 * verdict; 0: no way is available; -ENOMEM. */
int kernel_verify(struct verification *j);

/* Whether .blacklist forbids a certificate or the file. Sets the verdict: 1, else 0, or -ENOMEM. */
int verify_revoked(struct verification *j);
