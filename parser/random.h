/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From here on libcrypto computes its random numbers itself, which is acceptable for a process
 * without secrets. */
void random_replace(void);
