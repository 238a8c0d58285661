# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each refusal of the kernel is reported in one message with its reason, the way out and the exit
status."""

from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE


def case(m):
    m.boot()
    file, other = m.patch("lp-cmdline"), "/root/lp-cmdline.ko"
    m.ok(f"cp {file} {other}")
    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         f"-i {other}")
    m.ok(f"lpctl load {file}")
    m.fails(f"lpctl load {other}", exit=1, says="another build")
    m.ok("lpctl unload lp-cmdline")

    m.fails(f"lpctl load {m.patch('stall-target')}", exit=5, says="no live patch")
    # the kernel ignores unknown parameters
    m.fails(f"lpctl load {file} nosuch=1 broken=2x", exit=0)
    m.ok("lpctl unload lp-cmdline")

    m.ok("sysctl -q kernel.ftrace_enabled=0")
    m.fails(f"lpctl load {file}", exit=1, says="kernel.ftrace_enabled=1")
    m.ok("sysctl -q kernel.ftrace_enabled=1")

    # Another process has the file open for writing: lpd loads the bytes that it has read.
    m.background(f"exec 3>>{other}; sleep 100")
    m.wait_until(f"fuser -s {other} 2>/dev/null || ls -l /proc/*/fd 2>/dev/null | grep -q {other}")
    m.ok(f"lpctl load {other}")
    m.ok("lpctl unload lp-cmdline")

    m.ok(f"lpctl install {m.patch('lp-uptime')}")
    m.ok("sysctl -q kernel.modules_disabled=1")
    m.fails(f"lpctl load {file}", exit=7)
    m.sees(f"lpctl install {file}", "next boot")
    m.sees("lpctl unload lp-uptime", "reboot")
    m.sees("lpctl status", "locked until reboot, but not by lpd")
    m.sees_not("cat /proc/uptime", "live patched")
    m.reboot()
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.equal("lp-uptime", m.state("lp-uptime"), "active")
