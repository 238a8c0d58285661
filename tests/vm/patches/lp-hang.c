// SPDX-License-Identifier: GPL-2.0-or-later
/* Stops its CPU in its init: nothing but a watchdog ends that. */
#include <linux/irqflags.h>
#include <linux/processor.h>
#include <linux/printk.h>

#include "lp-faulty.h"

static void fail(void)
{
	if (!armed())
		return;
	pr_emerg("lp-hang: this CPU stops\n");
	local_irq_disable();
	for (;;)
		cpu_relax();
}

#define LP_NAME "lp-hang"
#define LP_BEFORE fail
#include "lp-proc.h"

LP_SHOW(show)
LP_PATCH({ .old_name = "loadavg_proc_show", .new_func = show })
