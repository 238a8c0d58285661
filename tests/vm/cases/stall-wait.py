# SPDX-License-Identifier: LGPL-2.1-or-later
"""A transition that stalls: OnStall=wait reports it, lpctl blocking names the task, and it ends
when the task continues."""
import time

from bench.scenes import hold, release
from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE


def case(m):
    m.boot(smp=2, cmdline="isolcpus=1")
    m.sees("cat /proc/self/patch_state", "-1")   # by which a load sees that no transition runs
    pid = hold(m, cpu=1)
    m.write("/etc/lpd/patches.d/lp-stall.conf", "[Patch]\nTimeoutSec=2s\nOnStall=wait\n")
    m.fails(f"lpctl install --wait=3 {m.patch('lp-stall')}", exit=8, says="blocking")
    m.equal("the state", m.state("lp-stall"), "transition")
    m.sees_not("cat /proc/self/patch_state", "-1")
    m.equal("the patch that was loaded last", m.ok("cat /run/lpd/last-load").strip(), "lp-stall")
    m.sees("systemctl is-active livepatch@lp-stall", "active")

    blocking = m.json("lpctl blocking lp-stall --json=short")
    m.equal("the patch in transition", blocking["transition"], "lp_stall")
    task = next(t for t in blocking["tasks"] if t["pid"] == pid)
    m.equal("the command", task["comm"], "cat")
    m.equal("the command line", task["cmdline"], "cat /proc/lpd-stall")
    m.equal("where it runs", (task["cpu"], task["isolated"]), (1, True))
    m.sees("lpctl blocking", "on the isolated CPU 1")
    m.sees("lpctl blocking", "stall_wait")
    m.wait_until("journalctl -b MESSAGE_ID=ad98bb1786d640ef91becaf2ba9673ef | grep -q lp-stall", 20)

    # Without --wait as well, a patch that has to wait is installed, and lpd.service loads it after that.
    m.write("/etc/lpd/patches.d/lp-version.conf", "[Patch]\nTimeoutSec=2s\n")
    m.fails(f"lpctl install {m.patch('lp-version')}", exit=8, says="lpd loads it as soon as it has")
    m.ok("test -e /var/lib/lpd/modules/*/lp-version.ko")

    # A second patch waits for the running transition, within its own time.
    m.write("/etc/lpd/patches.d/lp-cmdline.conf", "[Patch]\nTimeoutSec=90s\n")
    begin = time.monotonic()
    m.fails(f"lpctl install --wait=3 {m.patch('lp-cmdline')}", exit=8, says="lp-cmdline: not loaded yet")
    m.equal("that it keeps to the time", time.monotonic() - begin < 10, True)
    m.ok("test -e /var/lib/lpd/modules/*/lp-cmdline.ko")
    m.wait_until("systemctl is-active livepatch@lp-cmdline | grep -q activating", 30)
    release(m)
    m.wait_until("grep -q 'live patched by lp-cmdline' /proc/cmdline", 60)
    m.wait_until("grep -q 'live patched by lp-version' /proc/version", 60)
    m.wait_until("lpctl status lp-stall --no-legend | grep -q active", 30)
    m.sees("cat /proc/lpd-stall", "live patched by lp-stall")
    what_is_patched(m)
    disabled_from_the_next_boot_on(m)
    disabled_by_others(m)


def what_is_patched(m):
    """The patch of a module that is not loaded is enabled, although none of its code is in the
    kernel."""
    m.equal("what is patched", patched(m), (["stall_target"], [], None))
    m.ok("rmmod stall_target")
    m.equal("what is patched", patched(m),
            ([], ["stall_target"], "patches stall_target when that is loaded"))
    m.sees("lpctl status", "patches stall_target when")
    m.ok(f"insmod {m.patch('stall-target')}")
    m.equal("what is patched", patched(m), (["stall_target"], [], None))


def patched(m):
    status = m.patch_status("lp-stall")
    kernel = status["kernelState"]
    return kernel["patched"], kernel["unpatched"], status["reason"]


def disabled_from_the_next_boot_on(m):
    m.ok("lpctl disable lp-stall")
    status = m.patch_status("lp-stall")
    m.equal("the state", status["state"], "active")
    m.contains("the reason", status["reason"], "until it is unloaded: Enabled=no")


def disabled_by_others(m):
    """OnStall= does not apply to a transition that lpd's load did not start."""
    m.ok("echo 1 >/sys/module/lp_stall/parameters/hold")
    pid = m.background("exec cat /proc/lpd-stall >/run/reader")
    m.wait_until(f"grep -q lp_stall /proc/{pid}/stack")
    stalled = "journalctl -b -o cat MESSAGE_ID=ad98bb1786d640ef91becaf2ba9673ef | grep -c lp-stall"
    before = m.ok(stalled)
    m.ok("echo 0 >/sys/kernel/livepatch/lp_stall/enabled; sleep 4")
    m.equal("the state", m.state("lp-stall"), "transition")
    m.equal("how often it was called stalled", m.ok(stalled), before)
    m.ok("echo 0 >/sys/module/lp_stall/parameters/hold")
    m.wait_until("test ! -e /sys/kernel/livepatch/lp_stall", 30)
