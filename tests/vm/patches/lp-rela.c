// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls functions that the kernel and another module keep to themselves, by relocations of its own, as
 * the modules of kpatch-build do (bench/klp_relocations.py): the one in stall_target can only be
 * resolved once that module is loaded.
 */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/seq_file.h>

/* The last number tells symbols of one name apart; 0: there is only one. */
#define KLP_SYMBOL(object, symbol) __asm__("\".klp.sym." object "." symbol ",0\"")

extern int version_show(struct seq_file *m, void *v) KLP_SYMBOL("vmlinux", "version_proc_show");
extern int stall_show(struct seq_file *m, void *v) KLP_SYMBOL("stall_target", "stall_show");

static int cmdline_show(struct seq_file *m, void *v)
{
	seq_puts(m, "this has been live patched by lp-rela\n");
	return version_show(m, v);
}

static void stall_wait(struct seq_file *m)
{
	seq_printf(m, "this has been live patched by lp-rela\ncalled by %ps\n", stall_show);
}

static struct klp_func kernel_funcs[] = {
	{ .old_name = "cmdline_proc_show", .new_func = cmdline_show },
	{}
};
static struct klp_func stall_funcs[] = {
	{ .old_name = "stall_wait", .new_func = stall_wait },
	{}
};
static struct klp_object objs[] = {
	{ .funcs = kernel_funcs },
	{ .name = "stall_target", .funcs = stall_funcs },
	{}
};
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };

static int __init rela_init(void)
{
	return klp_enable_patch(&patch);
}

static void __exit rela_exit(void)
{
}

module_init(rela_init);
module_exit(rela_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
