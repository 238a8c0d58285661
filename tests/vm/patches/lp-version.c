// SPDX-License-Identifier: GPL-2.0-or-later
#define LP_NAME "lp-version"
#include "lp-proc.h"

LP_SHOW(show)
LP_PATCH({ .old_name = "version_proc_show", .new_func = show })
