# SPDX-License-Identifier: LGPL-2.1-or-later
"""A transition delays the lock until it ends; afterwards every tool reports the true state."""
from bench.scenes import hold, is_locked, release


def case(m):
    m.boot(smp=2)
    m.ok(f"lpctl install {m.patch('lp-cmdline')} {m.patch('lp-uptime')}")
    hold(m)
    m.ok(f"lpctl install {m.patch('lp-stall')}")
    m.fails("lpctl lock", exit=8, says="lp_stall: its transition runs")
    m.fails("lpctl lock --wait=1", exit=8)
    m.equal("the lock", m.json("lpctl status --json=short")["lock"]["state"], "refused")
    m.ok("systemctl start lpd-lock")   # which does not wait for the lock
    m.sees("systemctl show -p StatusText lpd-lock", "lp_stall: its transition runs")
    m.sees("lpctl status", "Lock      waiting")
    m.equal("that it is locked", is_locked(m), False)
    for end in ("systemctl stop lpd-lock", "systemctl kill --signal=KILL lpd-lock"):
        m.ok(end)
        m.wait_until("! lpctl status | grep -q '^Lock.*waiting'", 20)
        m.equal(f"on record after {end}", m.json("lpctl status --json=short")["lock"]["state"], None)
        m.ok("systemctl start lpd-lock")
        m.sees("lpctl status", "Lock      waiting")
    release(m)
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled", 20)
    m.equal("that it is locked", is_locked(m), True)
    m.sees("systemctl is-active lpd-lock", "active")

    lock = m.json("lpctl status --json=short")["lock"]
    m.equal("the state", lock["state"], "locked")
    m.equal("by whom", lock["by"]["unit"], "lpd-lock.service")
    m.sees("lpctl status", "Lock      modules are locked until reboot, ")
    m.equal("a second lock", m.json("lpctl lock --json=short")["changed"], False)
    m.equal("events", len(m.journal("MESSAGE_ID=f61a5b06b9464684bd3ec6dd364312c6")), 1)

    after(m)
    m.reboot()
    m.equal("that it is locked", is_locked(m), False)
    m.equal("the states", [m.state(f"lp-{name}") for name in ("cmdline", "uptime", "version")],
            ["active"] * 3)


def after(m):
    version = m.patch("lp-version")
    m.sees(f"lpctl install {version}", "next boot")
    m.fails(f"lpctl install --wait {version}", exit=7, says="will be loaded at the next boot")
    m.fails("lpctl load lp-version", exit=7, says="reboot")
    m.fails(f"lpctl load {version}", exit=7)
    m.fails("systemctl start livepatch@lp-version", exit=1)
    m.sees("systemctl show -p ExecMainStatus livepatch@lp-version", "=7")
    m.fails("lpctl apply", exit=7)
    m.sees(f"lpctl install --wait {m.patch('lp-cmdline')}", "loaded already")

    m.sees("lpctl unload lp-cmdline", "cannot be loaded again before a reboot")
    m.sees_not("cat /proc/cmdline", "live patched")
    m.contains("the reason", m.patch_status("lp-cmdline")["reason"], "cannot be loaded again before a reboot")
    m.sees("systemctl is-active livepatch@lp-cmdline || true", "inactive")
    m.ok("systemctl stop livepatch@lp-uptime")
    m.sees("systemctl show -p Result livepatch@lp-uptime", "success")
    m.sees_not("cat /proc/uptime", "live patched")
    m.sees("lpctl unload lp-uptime", "was not loaded")
    m.fails("lpctl enable --now lp-uptime", exit=7)
    m.fails("systemctl start livepatch@lp-uptime", exit=1)
