// SPDX-License-Identifier: GPL-2.0-or-later
/* getpgid(2) of another process fails with EBADFD: the kernel allows BPF programs to change what this
 * function returns, so whoever reads the error sees whose code ran. */
#define LP_NAME "lp-getpgid"
#include "lp-proc.h"

static int getpgid(struct task_struct *p)
{
	return -EBADFD;
}

LP_PATCH({ .old_name = "security_task_getpgid", .new_func = getpgid })
