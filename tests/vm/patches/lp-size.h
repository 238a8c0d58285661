/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A patch of a certain size: LP_SIZE bytes more than it needs. */
#ifndef LP_SIZE_H
#define LP_SIZE_H

#include "lp-proc.h"

static const unsigned char filler[LP_SIZE] __used = { 1 };

LP_SHOW(show)
LP_PATCH({ .old_name = "loadavg_proc_show", .new_func = show })

#endif
