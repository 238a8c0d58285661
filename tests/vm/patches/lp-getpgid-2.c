// SPDX-License-Identifier: GPL-2.0-or-later
/* The same function as lp-getpgid: getpgid(2) of another process fails with ENOTUNIQ. */
#define LP_NAME "lp-getpgid-2"
#include "lp-proc.h"

static int getpgid(struct task_struct *p)
{
	return -ENOTUNIQ;
}

LP_PATCH({ .old_name = "security_task_getpgid", .new_func = getpgid })
