// SPDX-License-Identifier: GPL-2.0-or-later
/* Panics in its own code, 3 seconds after it was loaded. */
#include <linux/jiffies.h>
#include <linux/panic.h>
#include <linux/workqueue.h>

#include "lp-faulty.h"

static void fail(struct work_struct *work)
{
	panic("lp-panic-later: 3 seconds after the load");
}

static DECLARE_DELAYED_WORK(later, fail);

static void plan_failure(void)
{
	if (armed())
		schedule_delayed_work(&later, 3 * HZ);
}

#define LP_NAME "lp-panic-later"
#define LP_LOADED plan_failure
#include "lp-proc.h"

LP_SHOW(show)
LP_PATCH({ .old_name = "loadavg_proc_show", .new_func = show })
