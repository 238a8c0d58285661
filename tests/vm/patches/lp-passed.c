// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Innocent, but in the call trace of a warning: when /proc/loadavg is read, the kernel warns of an object
 * in code of its own that this patch has called.
 */
#include <linux/refcount.h>

#include "lp-faulty.h"

#define LP_NAME "lp-passed"
#include "lp-proc.h"

static refcount_t count = REFCOUNT_INIT(0);

static int show(struct seq_file *m, void *v)
{
	if (armed())
		refcount_inc(&count);
	seq_puts(m, "this has been live patched by " LP_NAME "\n");
	return 0;
}

LP_PATCH({ .old_name = "loadavg_proc_show", .new_func = show })
