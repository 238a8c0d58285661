// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attaches to security_task_getpgid in the way that the parameter `how` names, until it is removed.
 * Those that change something make getpgid(2) fail with EIO.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/version.h>

#define TARGET "security_task_getpgid"

static char *how = "ops";
module_param(how, charp, 0444);

/* Aligned: from Linux 6.19 on the lowest bit of a direct call's address says that it is a jump. */
asm(".pushsection .text\n"
    ".balign 16\n"
    "lpd_return_eio: mov $-5, %eax\n ret\n int3\n"
    ".balign 16\n"
    "lpd_direct_pass: ret\n int3\n"
    ".balign 16\n"
    "lpd_direct_eio: mov $-5, %eax\n add $8, %rsp\n ret\n int3\n"
    ".popsection");
extern void lpd_return_eio(void);
extern void lpd_direct_pass(void);
extern void lpd_direct_eio(void);

static void look(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		 struct ftrace_regs *fregs)
{
}

static void change(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		   struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);

	if (regs)
		regs->ip = (unsigned long)lpd_return_eio;
}

static int pre_look(struct kprobe *p, struct pt_regs *regs)
{
	return 0;
}

static int pre_change(struct kprobe *p, struct pt_regs *regs)
{
	regs->ip = (unsigned long)lpd_return_eio;
	return 1;
}

static void post_look(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static int ret_look(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 0;
}

static int ret_change(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	regs->ax = -EIO;
	return 0;
}

static struct ftrace_ops ops;
static struct kprobe probe = { .symbol_name = TARGET };
static struct kretprobe retprobe = { .kp.symbol_name = TARGET, .maxactive = 32 };
static unsigned long direct;
static bool is_ops, is_probe, is_retprobe;

static bool is(const char *name)
{
	return strcmp(how, name) == 0;
}

static int add_direct(unsigned long to)
{
	int r;

	direct = to;
	r = ftrace_set_filter(&ops, TARGET, strlen(TARGET), 1);
	if (r)
		return r;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	return register_ftrace_direct_multi(&ops, to);
#else
	return register_ftrace_direct(&ops, to);
#endif
}

static int add_ops(ftrace_func_t func, unsigned long flags)
{
	int r;

	ops.func = func;
	ops.flags = flags;
	is_ops = true;
	r = ftrace_set_filter(&ops, TARGET, strlen(TARGET), 1);
	return r ?: register_ftrace_function(&ops);
}

static int add_probe(kprobe_pre_handler_t pre, kprobe_post_handler_t post)
{
	probe.pre_handler = pre;
	probe.post_handler = post;
	is_probe = true;
	return register_kprobe(&probe);
}

static int add_retprobe(kretprobe_handler_t handler)
{
	retprobe.handler = handler;
	is_retprobe = true;
	return register_kretprobe(&retprobe);
}

static int __init tracer_init(void)
{
	if (is("ops"))
		return add_ops(look, 0);
	if (is("ops-change"))
		return add_ops(change, FTRACE_OPS_FL_SAVE_REGS);
	if (is("ops-ipmodify"))
		return add_ops(change, FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY);
	if (is("kprobe"))
		return add_probe(pre_look, NULL);
	if (is("kprobe-post"))
		return add_probe(pre_look, post_look);
	if (is("kprobe-change"))
		return add_probe(pre_change, NULL);
	if (is("kretprobe"))
		return add_retprobe(ret_look);
	if (is("kretprobe-change"))
		return add_retprobe(ret_change);
	if (is("direct"))
		return add_direct((unsigned long)lpd_direct_pass);
	if (is("direct-change"))
		return add_direct((unsigned long)lpd_direct_eio);
	return -EINVAL;
}

static void __exit tracer_exit(void)
{
	if (is_ops)
		unregister_ftrace_function(&ops);
	if (is_probe)
		unregister_kprobe(&probe);
	if (is_retprobe)
		unregister_kretprobe(&retprobe);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	if (direct)
		unregister_ftrace_direct_multi(&ops, direct);
#else
	if (direct)
		unregister_ftrace_direct(&ops, direct, true);
#endif
}

module_init(tracer_init);
module_exit(tracer_exit);
MODULE_DESCRIPTION("One tracer of a function");
MODULE_LICENSE("GPL");
