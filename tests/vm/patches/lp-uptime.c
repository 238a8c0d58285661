// SPDX-License-Identifier: GPL-2.0-or-later
#define LP_NAME "lp-uptime"
#include "lp-proc.h"

LP_SHOW(show)
LP_PATCH({ .old_name = "uptime_proc_show", .new_func = show })
