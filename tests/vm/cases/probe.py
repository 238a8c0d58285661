# SPDX-License-Identifier: LGPL-2.1-or-later
"""Probe=: a probe that fails takes the patch out again; one that succeeds leaves it in."""


def case(m):
    m.boot()
    m.write("/usr/libexec/good", "#!/bin/sh\ngrep -q 'live patched' /proc/cmdline\n", mode=0o755)
    m.write("/usr/libexec/bad", "#!/bin/sh\nexit 3\n", mode=0o755)
    m.write("/etc/lpd/patches.d/lp-cmdline.conf", "[Patch]\nProbe=/usr/libexec/good\n")
    m.write("/etc/lpd/patches.d/lp-uptime.conf", "[Patch]\nProbe=/usr/libexec/bad\n")
    m.ok(f"lpctl install {m.patch('lp-cmdline')} {m.patch('lp-uptime')}")
    m.wait_until("! grep -q 'live patched' /proc/uptime", 30)
    m.wait_until("! systemctl is-active livepatch@lp-uptime", 30)
    m.equal("the bad one", m.state("lp-uptime"), "failed")
    m.sees("lpctl status lp-uptime", "status 3")
    m.sees("journalctl -b MESSAGE_ID=440e9b59d8e94888accc8b25c51a8e10", "lp-uptime")
    m.equal("the good one", m.state("lp-cmdline"), "active")
    m.sees("journalctl -b MESSAGE_ID=96a95de55a4444a0b4e179351ebea1ac", "lp-cmdline")

    m.write("/etc/lpd/patches.d/lp-uptime.conf", "[Patch]\nProbe=/usr/libexec/bad\nWaitFor=patched\n")
    m.fails("lpctl load lp-uptime", exit=1, says="status 3")
    m.sees_not("cat /proc/uptime", "live patched")
    m.fails("systemctl is-active livepatch@lp-uptime", says="failed")
