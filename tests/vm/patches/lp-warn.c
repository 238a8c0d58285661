// SPDX-License-Identifier: GPL-2.0-or-later
/* Warns once, the first time that /proc/loadavg is read, and works. */
#include <linux/bug.h>

#include "lp-faulty.h"

#define LP_NAME "lp-warn"
#include "lp-proc.h"

static int show(struct seq_file *m, void *v)
{
	WARN_ONCE(armed(), "lp-warn: /proc/loadavg");
	seq_puts(m, "this has been live patched by " LP_NAME "\n");
	return 0;
}

LP_PATCH({ .old_name = "loadavg_proc_show", .new_func = show })
