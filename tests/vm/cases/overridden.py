# SPDX-License-Identifier: LGPL-2.1-or-later
"""A BPF program that decides what a patched function returns keeps the new code from running: lpctl says
so and names it, until it is gone. One that only looks is not reported."""

TRACE = "/usr/lib/bench-trace-function"
NEW, OVERRIDDEN = "77", "5"   # EBADFD, EIO


def case(m):
    m.boot()
    m.ok(f"lpctl install --wait {m.patch('lp-getpgid')}")
    effective(m)
    attach(m, "fexit")
    effective(m)
    detach(m)
    attach(m, "fmod_ret=-5")
    m.equal("who answers", m.ok(f"{TRACE} call").strip(), OVERRIDDEN)
    status = m.patch_status("lp-getpgid")
    m.equal("the state", (status["state"], status["reasonCode"]), ("active", "overridden"))
    m.contains("the reason", status["reason"], "overridden: BPF program bench_tracer (id ")
    m.contains("the reason", status["reason"], f"(pid {m.ok('cat /run/tracer.pid').strip()}) decides what "
                                               "vmlinux/security_task_getpgid returns")
    m.sees("lpctl metrics", 'lpd_patch_overridden{patch="lp-getpgid"} 1')
    m.ok("! mountpoint -q /sys/kernel/tracing")   # lpctl has read a mount of its own
    detach(m)
    effective(m)


def attach(m, how):
    m.ok(f"setsid {TRACE} {how} security_task_getpgid >/run/tracer.out 2>&1 & echo $! >/run/tracer.pid")
    m.wait_until("grep -q attached /run/tracer.out", 10)


def detach(m):
    m.ok("kill $(cat /run/tracer.pid); rm /run/tracer.out")
    m.wait_until("! test -e /proc/$(cat /run/tracer.pid)", 10)


def effective(m):
    m.wait_until(f"test $({TRACE} call) = {NEW}", 10)
    status = m.patch_status("lp-getpgid")
    m.equal("the state", (status["state"], status["overridden"]), ("active", None))
