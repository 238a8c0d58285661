# SPDX-License-Identifier: LGPL-2.1-or-later
"""Situations that several cases need."""

import os
import time


def hold(m, cpu=None):
    """Keeps the transition of lp-stall from ending until release(); returns the task that blocks
    it, which runs on that CPU."""
    m.ok(f"test -e /sys/module/stall_target || insmod {m.patch('stall-target')}")
    m.ok("echo 1 >/sys/module/stall_target/parameters/hold")
    where = "" if cpu is None else f"taskset -c {cpu} "
    pid = m.background(f"exec {where}cat /proc/lpd-stall >/run/reader")
    m.wait_until(f"grep -q stall_wait /proc/{pid}/stack")
    return pid


def release(m):
    m.ok("echo 0 >/sys/module/stall_target/parameters/hold")


def cut_at_random(m, command, prepare=None):
    """Cuts the power at random moments of a command that installs or removes lp-cmdline. After each
    cut the machine must boot, with the patch installed completely or not at all. Number of cuts:
    $LPD_CUTS."""
    duration = _time_of(m, prepare, command)
    there = 0
    for cut in range(int(os.environ.get("LPD_CUTS", "3"))):
        _start_over(m, prepare)
        moment = m.random.uniform(0, 1.1 * duration)
        m.cut_during(command, 1000 * moment)
        there += _is_whole(m, f"cut {cut + 1}, {moment:.3f} s into {duration:.3f} s")
    return there


def _time_of(m, prepare, command):
    _start_over(m, prepare)
    begin = time.monotonic()
    m.ok(command)
    return time.monotonic() - begin


def _start_over(m, prepare):
    # As many power cuts in a row would quarantine it.
    m.run("lpctl remove lp-cmdline; lpctl clear lp-cmdline")
    if prepare:
        m.ok(prepare)
    m.ok("sync")


def _is_whole(m, when):
    """Whether the patch is installed; any state in between is a failure."""
    status, output = m.run("lpctl status lp-cmdline --json=short 2>/dev/null")
    patched = "live patched" in m.ok("cat /proc/cmdline")
    _, unit = m.run("systemctl is-active livepatch@lp-cmdline")
    if status == 3:
        m.equal(f"{when}: that a patch which is not there is in", (patched, unit.strip()),
                (False, "inactive"))
    else:
        m.equal(f"{when}: the patch, its unit and lpctl's exit status",
                (patched, unit.strip(), status), (True, "active", 0))
        m.contains(when, output, '"state":"active"')
    m.sees("systemctl is-system-running", "running")
    return patched


LOCKED = "cat /proc/sys/kernel/modules_disabled"


def is_locked(m):
    """Whether modules are locked; also checks once that the kernel really refuses to load one."""
    locked = m.ok(LOCKED).strip() == "1"
    insmod = f"insmod {m.patch('stall-target')}"
    if locked:
        m.fails(insmod, says="Operation not permitted")
    else:
        m.ok(f"test -e /sys/module/stall_target || {insmod}")
    m.equal("the status", m.json("lpctl status --json=short")["lock"]["locked"], locked)
    return locked
