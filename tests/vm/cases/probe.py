# SPDX-License-Identifier: LGPL-2.1-or-later
"""Probe=: if a probe fails or hangs, the patch is unloaded; if it succeeds, the patch stays. If
/run has no room for the record that a probe needs, nothing is loaded."""


def case(m):
    m.boot()
    m.write("/usr/libexec/good", "#!/bin/sh\ngrep -q 'live patched' /proc/cmdline\n", mode=0o755)
    m.write("/usr/libexec/bad", "#!/bin/sh\nexit 3\n", mode=0o755)
    m.write("/usr/libexec/hanging", "#!/bin/sh\nsleep 1000\n", mode=0o755)
    m.write("/etc/lpd/patches.d/lp-cmdline.conf", "[Patch]\nProbe=/usr/libexec/good\n")
    m.write("/etc/lpd/patches.d/lp-uptime.conf", "[Patch]\nProbe=/usr/libexec/bad\n")
    m.write("/etc/lpd/patches.d/lp-version.conf",
            "[Patch]\nProbe=/usr/libexec/hanging\nTimeoutSec=2s\n")
    m.ok(f"lpctl install {m.patch('lp-cmdline')} {m.patch('lp-uptime')}")
    taken_out(m, "lp-uptime", "status 3")
    m.equal("the good one", m.state("lp-cmdline"), "active")
    m.sees("journalctl -b MESSAGE_ID=96a95de55a4444a0b4e179351ebea1ac", "lp-cmdline")
    m.ok(f"lpctl install {m.patch('lp-version')}")
    taken_out(m, "lp-version", "did not finish within 2 s")
    m.ok("! pgrep -f 'sleep 1000'")
    m.fails("lpctl load --wait=30 lp-uptime", exit=1, says="status 3")
    m.ok("lpctl remove lp-uptime")
    m.write("/etc/lpd/patches.d/lp-uptime.conf", "[Patch]\nProbe=/usr/libexec/bad\n")
    m.fails(f"lpctl install --wait=30 {m.patch('lp-uptime')}", exit=1, says="status 3")
    m.ok("test ! -e /var/lib/lpd/modules/*/lp-uptime.ko")
    m.ok("lpctl load --wait=30 lp-cmdline")
    m.ok(f"lpctl install --no-load {m.patch('lp-uptime')}")

    m.write("/etc/lpd/patches.d/lp-uptime.conf", "[Patch]\nProbe=/usr/libexec/bad\nWaitFor=patched\n")
    m.fails("lpctl load lp-uptime", exit=1, says="status 3")
    m.sees_not("cat /proc/uptime", "live patched")
    m.fails("systemctl is-active livepatch@lp-uptime", says="failed")
    full_run(m)


def full_run(m):
    m.ok("lpctl unload lp-cmdline")
    m.fails("dd if=/dev/zero of=/run/fill bs=64k 2>/dev/null;"
            " script -qec '/usr/lib/lpd/lpd load lp-cmdline' /dev/null",   # to a terminal
            exit=1, says="cannot be recorded in /run/lpd: No space left on device")
    m.sees_not("cat /proc/cmdline", "live patched")
    m.ok("rm /run/fill; lpctl load lp-cmdline")
    m.wait_until("grep -q '\"complete\":true' /run/lpd/lp-cmdline.json", 30)
    m.equal("the good one again", m.state("lp-cmdline"), "active")


def taken_out(m, name, why):
    m.wait_until(f"test ! -e /sys/module/{name.replace('-', '_')}", 30)
    m.wait_until(f"! systemctl is-active livepatch@{name}", 30)
    m.wait_until(f"lpctl status {name} | grep -q '{why}'", 30)
    m.equal("the state", m.state(name), "failed")
    m.wait_until(f"systemctl is-failed livepatch@{name}", 10)
    m.sees(f"systemctl status livepatch@{name} || true", why)
    m.sees("journalctl -b MESSAGE_ID=440e9b59d8e94888accc8b25c51a8e10", name)
