// SPDX-License-Identifier: GPL-2.0-or-later
/* Panics in its init, before the kernel knows of the patch. */
#include <linux/panic.h>

#include "lp-faulty.h"

static void fail(void)
{
	if (armed())
		panic("lp-panic-init: in init");
}

#define LP_NAME "lp-panic-init"
#define LP_BEFORE fail
#include "lp-proc.h"

LP_SHOW(show)
LP_PATCH({ .old_name = "loadavg_proc_show", .new_func = show })
