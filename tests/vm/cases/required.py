# SPDX-License-Identifier: LGPL-2.1-or-later
"""A required patch is missing: the services that require it do not start, the boot counts as
failed, and there is a login."""

from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE

SERVICE = """[Unit]
Requires=livepatch@{patch}.service
After=livepatch@{patch}.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
[Install]
WantedBy=multi-user.target
"""


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.ok(f"lpctl install --no-load {m.patch('lp-uptime')}")
    for patch in ("lp-cmdline", "lp-uptime", "lp-nosuch"):
        m.write(f"/etc/systemd/system/needs-{patch}.service", SERVICE.format(patch=patch))
        m.ok(f"systemctl enable needs-{patch}")
    m.write("/etc/lpd/patches.d/lp-uptime.conf.d/90-required.conf", "[Patch]\nRequired=yes\n")
    m.ok("systemctl add-requires multi-user.target boot-complete.target")
    m.reboot()
    m.sees("systemctl is-active needs-lp-cmdline needs-lp-uptime boot-complete.target", "active")
    m.fails("systemctl is-active needs-lp-nosuch")
    m.ok("lpctl status --check")

    m.ok("rm /var/lib/lpd/modules/*/lp-uptime.ko")
    m.reboot()
    m.fails("systemctl is-active needs-lp-uptime", says="inactive")
    m.fails("systemctl is-active boot-complete.target", says="inactive")
    m.sees("systemctl is-active needs-lp-cmdline", "active")
    m.fails("systemctl is-active livepatch@lp-uptime", says="failed")
    m.equal("the state", m.state("lp-uptime"), "failed")
    m.fails("lpctl status --check", exit=10, says="lp-uptime")
    m.sees("systemctl is-active getty.target sysinit.target", "active")
