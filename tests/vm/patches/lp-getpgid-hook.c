// SPDX-License-Identifier: GPL-2.0-or-later
/* getpgid(2) of another process fails with EBADFD, by the hook that programs of BPF-LSM attach to. */
#define LP_NAME "lp-getpgid-hook"
#include "lp-proc.h"

static int getpgid(struct task_struct *p)
{
	return -EBADFD;
}

LP_PATCH({ .old_name = "bpf_lsm_task_getpgid", .new_func = getpgid })
