// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/lpd-stall: a read sleeps inside stall_wait() for as long as the parameter `hold` is 1, so
 * the reader keeps the transition of a patch of that function (lp-stall) from finishing.  It
 * sleeps idle: no signal wakes it, and it counts neither as load nor as a hung task.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

static bool hold = true;
module_param(hold, bool, 0644);

static noinline void stall_wait(struct seq_file *m)
{
	while (READ_ONCE(hold))
		schedule_timeout_idle(HZ / 20);
	seq_puts(m, "original\n");
}

static int stall_show(struct seq_file *m, void *v)
{
	stall_wait(m);
	return 0;
}

static int __init stall_init(void)
{
	return proc_create_single("lpd-stall", 0444, NULL, stall_show) ? 0 : -ENOMEM;
}

static void __exit stall_exit(void)
{
	remove_proc_entry("lpd-stall", NULL);
}

module_init(stall_init);
module_exit(stall_exit);
MODULE_LICENSE("GPL");
