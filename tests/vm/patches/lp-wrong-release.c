// SPDX-License-Identifier: GPL-2.0-or-later
#define LP_NAME "lp-wrong-release"
#include "lp-proc.h"

LP_SHOW(show)
LP_PATCH({ .old_name = "cmdline_proc_show", .new_func = show })
