// SPDX-License-Identifier: GPL-2.0-or-later
/* Whoever reads /proc/version has a fault in the patch's code, of the kind that the parameter says:
 * 1 a warning, 2 an oops, 3 a panic. */
#define LP_NAME "lp-fault"
#include "lp-proc.h"

static int fault;
module_param(fault, int, 0644);

static noinline int lp_fault_show(struct seq_file *m, void *v)
{
	switch (READ_ONCE(fault)) {
	case 1:
		WARN(1, "lp-fault: asked for\n");
		break;
	case 2:
		WRITE_ONCE(*(volatile int *)8, 1);
		break;
	case 3:
		panic("lp-fault: asked for");
	}
	seq_puts(m, "this has been live patched by " LP_NAME "\n");
	return 0;
}

LP_PATCH({ .old_name = "version_proc_show", .new_func = lp_fault_show })
