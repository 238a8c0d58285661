// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Panics when a program of the host reads /proc/cmdline: one whose root is not the RAM of an initramfs.
 * Until then the patch seems to work.
 */
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/magic.h>
#include <linux/panic.h>
#include <linux/path.h>
#include <linux/sched.h>

#include "lp-faulty.h"

#define LP_NAME "lp-panic-read"
#include "lp-proc.h"

static bool on_host(void)
{
	struct path root;
	unsigned long magic;

	get_fs_root(current->fs, &root);
	magic = root.dentry->d_sb->s_magic;
	path_put(&root);
	return magic != RAMFS_MAGIC && magic != TMPFS_MAGIC;
}

static int show(struct seq_file *m, void *v)
{
	if (armed() && on_host())
		panic("lp-panic-read: /proc/cmdline");
	seq_puts(m, "this has been live patched by " LP_NAME "\n");
	return 0;
}

LP_PATCH({ .old_name = "cmdline_proc_show", .new_func = show })
