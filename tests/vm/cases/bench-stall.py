# SPDX-License-Identifier: LGPL-2.1-or-later
"""Self-test: a transition stalls for as long as the bench wants, in both directions."""

LP = "/sys/kernel/livepatch/lp_stall"


def case(m):
    m.boot()
    m.ok(f"insmod {m.patch('stall-target')}")
    reader = m.background("exec cat /proc/lpd-stall >/run/reader")
    m.wait_until(f"grep -q stall_wait /proc/{reader}/stack")

    m.ok(f"insmod {m.patch('lp-stall')}")
    m.ok("sleep 3")
    m.sees(f"cat {LP}/transition", "1")
    m.sees(f"cat /proc/{reader}/patch_state", "0")
    m.ok("echo 0 >/sys/module/stall_target/parameters/hold")
    m.wait_until(f"grep -q 0 {LP}/transition")
    m.sees("cat /run/reader", "original")
    m.sees("cat /proc/lpd-stall", "this has been live patched by lp-stall")

    m.ok("echo 1 >/sys/module/lp_stall/parameters/hold")
    reader = m.background("exec cat /proc/lpd-stall >/run/reader")
    m.wait_until(f"grep -q lp_stall /proc/{reader}/stack")
    m.ok(f"echo 0 >{LP}/enabled")
    m.ok("sleep 3")
    m.sees(f"cat {LP}/transition", "1")
    m.ok("echo 0 >/sys/module/lp_stall/parameters/hold")
    m.wait_until(f"test ! -e {LP}")
    m.ok("rmmod lp_stall")
    m.sees("cat /proc/lpd-stall", "original")
