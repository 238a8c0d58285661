/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From here on libcrypto computes its random numbers, and asks nobody for any: for a process that has no
 * secret. */
void random_replace(void);
