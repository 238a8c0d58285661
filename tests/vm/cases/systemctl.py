# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemctl start, stop, reload and restart load and unload a patch, and both views agree throughout."""

from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')} {m.patch('lp-uptime')}")
    m.ok("systemctl stop livepatch@lp-cmdline")
    agree(m, "inactive", "disabled", False)
    m.ok("systemctl start livepatch@lp-cmdline")
    agree(m, "active", "active", True)
    m.ok("systemctl restart livepatch@lp-cmdline")
    agree(m, "active", "active", True)
    m.ok("systemctl reload livepatch@lp-cmdline")
    agree(m, "active", "active", True)

    # By lpctl, through the unit.
    m.ok("lpctl unload lp-cmdline")
    agree(m, "inactive", "disabled", False)
    m.ok("lpctl load lp_cmdline")
    agree(m, "active", "active", True)
    m.equal("a second load", m.json("lpctl load lp-cmdline --json=short")["changed"], False)

    # Disabled without systemd's knowledge: lpd.service tells systemd, and a reload of the unit
    # repairs it.
    m.write("/etc/systemd/system/needs-it.service",
            "[Unit]\nRequires=livepatch@lp-cmdline.service\nAfter=livepatch@lp-cmdline.service\n"
            "[Service]\nExecStart=sleep infinity\n")
    m.ok("systemctl daemon-reload; systemctl start needs-it")
    m.ok("echo 0 >/sys/kernel/livepatch/lp_cmdline/enabled")
    m.wait_until("systemctl is-active livepatch@lp-cmdline | grep -qx failed", 30)
    agree(m, "failed", "disabled", False)
    m.sees("systemctl --failed", "livepatch@lp-cmdline.service")
    m.sees("systemctl status livepatch@lp-cmdline || true", "disabled by")
    m.wait_until("systemctl is-active needs-it | grep -qx inactive", 10)
    m.equal("how often it was stopped", m.ok("journalctl -b -o cat -u needs-it | grep -c '^Stopping'").strip(), "1")
    m.ok("systemctl reload lpd")
    agree(m, "active", "active", True)
    m.sees_not("systemctl --failed", "livepatch@")

    # Applying the manifests: one patch disabled, one removed, one new.
    m.ok("lpctl disable lp-cmdline")
    m.sees("lpctl load lp-cmdline", "loaded already")
    m.ok("rm -r /etc/lpd/patches.d/lp-uptime.conf*")
    m.ok(f"lpctl install --no-load {m.patch('lp-version')}")
    m.ok("systemctl reload lpd")
    agree(m, "inactive", "disabled", False)
    m.sees_not("cat /proc/uptime", "live patched")
    m.sees("cat /proc/version", "live patched")
    m.sees("systemctl show -p StatusText lpd", "1 loaded")
    m.ok("systemctl stop lpd")
    m.sees("systemctl show -p Result lpd", "success")
    m.sees("cat /proc/version", "live patched")


def agree(m, unit, state, patched):
    _, said = m.run("systemctl is-active livepatch@lp-cmdline")
    m.equal("systemd's view", said.strip(), unit)
    m.equal("lpctl's view", m.state("lp-cmdline"), state)
    m.equal("the kernel's view", "live patched" in m.ok("cat /proc/cmdline"), patched)
