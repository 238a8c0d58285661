# SPDX-License-Identifier: LGPL-2.1-or-later
"""A BPF program that decides what a patched function returns keeps the new code from running: lpctl says
so and names it, and lpd.service reports it within a minute, until it is gone. One that only looks is not
reported."""

TRACE = "/usr/lib/bench-trace-function"
NEW, OVERRIDDEN = "77", "5"   # EBADFD, EIO
BEGIN, END = "2e80152055fe4aa9871c2ce9ccabecdc", "84ee87c581aa40d4ad9f6c168a12069c"


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
    reports(m)


def reports(m):
    m.ok("while sleep 1; do journalctl -b -q -n1 MESSAGE_ID=%s | grep -q . && break; done" % BEGIN, timeout=90)
    m.sees(f"journalctl -b -o cat MESSAGE_ID={BEGIN}", "lp-getpgid: BPF program bench_tracer ")
    seconds = seconds_until_report(m)
    m.equal(f"whether {seconds} s are a minute, on a busy host", seconds <= 75, True)
    unprivileged = m.json("setpriv --reuid=65534 --clear-groups lpctl --json=short status lp-getpgid")["patches"][0]
    m.contains("what users see", unprivileged["overridden"], "BPF program bench_tracer (id ")
    detach(m)
    effective(m)
    m.ok("systemctl restart lpd")   # it remembers what was reported, and looks at once
    m.wait_until(f"journalctl -b -o cat MESSAGE_ID={END} | grep -q '^lp-getpgid: its new code runs again'", 20)
    m.equal("reports", len(m.journal(f"MESSAGE_ID={BEGIN}")), 1)
    m.equal("what systemd says of the unit", m.journal("UNIT=lpd-overrides.service"), [])
    m.ok("! mountpoint -q /sys/kernel/tracing")


def seconds_until_report(m):
    begin = float(m.ok("cat /run/tracer.since"))
    return int(m.journal(f"MESSAGE_ID={BEGIN}")[0]["__MONOTONIC_TIMESTAMP"]) / 1e6 - begin


def attach(m, how):
    m.ok(f"setsid {TRACE} {how} security_task_getpgid >/run/tracer.out 2>&1 & echo $! >/run/tracer.pid; "
         "cut -d' ' -f1 /proc/uptime >/run/tracer.since")
    m.wait_until("grep -q attached /run/tracer.out", 10)


def detach(m):
    m.ok("kill $(cat /run/tracer.pid); rm /run/tracer.out")
    m.wait_until("! test -e /proc/$(cat /run/tracer.pid)", 10)


def effective(m):
    m.wait_until(f"test $({TRACE} call) = {NEW}", 10)
    status = m.patch_status("lp-getpgid")
    m.equal("the state", (status["state"], status["overridden"]), ("active", None))
