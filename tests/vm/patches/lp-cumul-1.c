// SPDX-License-Identifier: GPL-2.0-or-later
#define LP_NAME "lp-cumul-1"
#define LP_REPLACE true
#include "lp-proc.h"

LP_SHOW(show)
LP_PATCH({ .old_name = "cmdline_proc_show", .new_func = show })
