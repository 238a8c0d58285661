/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every patch of a /proc file shares.  A patch names itself and the show functions that it
 * replaces, and the file then reads as one line that tells which patch answered:
 *
 *     #define LP_NAME "lp-cmdline"
 *     #include "lp-proc.h"
 *     LP_SHOW(lp_cmdline_show)
 *     LP_PATCH({ .old_name = "cmdline_proc_show", .new_func = lp_cmdline_show })
 *
 * LP_REPLACE (true for a cumulative patch), LP_PRE_PATCH (a callback) and LP_BEFORE and LP_LOADED
 * (what the module's init calls before and after the kernel takes the patch) may be defined before.
 */
#ifndef LP_PROC_H
#define LP_PROC_H

#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#ifndef LP_REPLACE
#define LP_REPLACE false
#endif

#ifndef LP_PRE_PATCH
#define LP_PRE_PATCH NULL
#endif

#ifndef LP_BEFORE
#define LP_BEFORE() ((void)0)
#endif

#ifndef LP_LOADED
#define LP_LOADED() ((void)0)
#endif

#ifndef LP_OBJECT
#define LP_OBJECT NULL /* the kernel itself */
#endif

#define LP_SHOW(function)                                                      \
	static int function(struct seq_file *m, void *v)                       \
	{                                                                      \
		seq_puts(m, "this has been live patched by " LP_NAME "\n");    \
		return 0;                                                      \
	}

#define LP_PATCH(...)                                                          \
	static struct klp_func funcs[] = { __VA_ARGS__, {} };                  \
	static struct klp_object objs[] = {                                    \
		{                                                              \
			.name = LP_OBJECT,                                     \
			.funcs = funcs,                                        \
			.callbacks = { .pre_patch = LP_PRE_PATCH },            \
		},                                                             \
		{}                                                             \
	};                                                                     \
	static struct klp_patch patch = {                                      \
		.mod = THIS_MODULE,                                            \
		.objs = objs,                                                  \
		.replace = LP_REPLACE,                                         \
	};                                                                     \
	static int __init lp_init(void)                                        \
	{                                                                      \
		int r;                                                         \
									       \
		LP_BEFORE();                                                   \
		r = klp_enable_patch(&patch);                                  \
		if (r == 0)                                                    \
			LP_LOADED();                                           \
		return r;                                                      \
	}                                                                      \
	static void __exit lp_exit(void)                                       \
	{                                                                      \
	}                                                                      \
	module_init(lp_init);                                                  \
	module_exit(lp_exit);                                                  \
	MODULE_LICENSE("GPL");                                                 \
	MODULE_INFO(livepatch, "Y");

#endif
