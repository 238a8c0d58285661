// SPDX-License-Identifier: GPL-2.0-or-later
/* Follows a null pointer when /proc/loadavg is read: an oops that ends the reader alone. */
#include "lp-faulty.h"

#define LP_NAME "lp-oops"
#include "lp-proc.h"

static int *volatile nowhere;

static int show(struct seq_file *m, void *v)
{
	if (armed())
		*nowhere = 1;
	seq_puts(m, "this has been live patched by " LP_NAME "\n");
	return 0;
}

LP_PATCH({ .old_name = "loadavg_proc_show", .new_func = show })
