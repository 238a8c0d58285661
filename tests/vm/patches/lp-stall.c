// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Patches stall_wait() of stall-target.ko.  Its own `hold` (0 at first) makes a reader sleep inside
 * the new function in the same way, so that undoing the patch stalls too.
 */
#include <linux/moduleparam.h>
#include <linux/sched.h>

#define LP_NAME "lp-stall"
#define LP_OBJECT "stall_target"
#include "lp-proc.h"

static bool hold;
module_param(hold, bool, 0644);

static void wait(struct seq_file *m)
{
	while (READ_ONCE(hold))
		schedule_timeout_idle(HZ / 20);
	seq_puts(m, "this has been live patched by " LP_NAME "\n");
}

LP_PATCH({ .old_name = "stall_wait", .new_func = wait })
