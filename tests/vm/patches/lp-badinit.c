// SPDX-License-Identifier: GPL-2.0-or-later
/* A patch that the kernel accepts and that then refuses itself: its load fails with ENODEV. */
#include <linux/errno.h>
#include <linux/livepatch.h>

static int refuse(struct klp_object *obj)
{
	return -ENODEV;
}

#define LP_NAME "lp-badinit"
#define LP_PRE_PATCH refuse
#include "lp-proc.h"

LP_SHOW(show)
LP_PATCH({ .old_name = "cmdline_proc_show", .new_func = show })
