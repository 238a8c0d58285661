/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Makes libcrypto use random numbers of its own computation from now on, which is acceptable for a
 * process without secrets. */
void random_replace(void);
