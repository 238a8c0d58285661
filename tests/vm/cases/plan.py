# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requires=, Conflicts=, cycles and Rollout= have the effect that the plan says, and lpctl why
names the fact."""


def manifest(m, name, *lines):
    m.write(f"/etc/lpd/patches.d/{name}.conf.d/90-test.conf", "\n".join(["[Patch]", *lines, ""]))


def case(m):
    m.boot()
    for name in ("lp-cmdline", "lp-uptime", "lp-version", "lp-badinit"):
        m.ok(f"lpctl install --no-load {m.patch(name)}")
    # is loaded after it, against the order of the names
    manifest(m, "lp-cmdline", "Requires=lp-version")
    manifest(m, "lp-uptime", "Requires=lp-badinit")      # which fails
    planned = {a["name"]: a for a in m.json("lpctl apply --dry-run --json=short")["actions"]}
    order = list(planned)
    m.equal("lp-version before lp-cmdline", order.index("lp-version") < order.index("lp-cmdline"), True)
    m.sees_not("cat /proc/version", "live patched")      # a dry run does nothing

    m.fails("lpctl apply", exit=1, says="lp-badinit")
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.equal("lp-uptime", m.state("lp-uptime"), "failed")
    m.sees_not("cat /proc/uptime", "live patched")
    m.reboot()
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.sees_not("cat /proc/uptime", "live patched")
    m.fails("systemctl is-active livepatch@lp-uptime", says="inactive")

    manifest(m, "lp-uptime", "Conflicts=lp-version")
    m.sees("lpctl why lp-uptime", "lp-version")
    m.fails("lpctl load lp-uptime", exit=1, says="lp-version")
    manifest(m, "lp-uptime", "Rollout=0%")
    m.sees("lpctl why lp-uptime", "the position of this machine is")
    manifest(m, "lp-uptime", "After=lp-version")
    manifest(m, "lp-version", "After=lp-uptime")
    m.fails("lpctl lint", exit=78, says="lp-uptime")
    m.fails("lpctl load lp-uptime", exit=78, says="lp-version")
    m.reboot()
    m.equal("one in the circle", m.state("lp-uptime"), "failed")
    m.equal("the other", m.state("lp-version"), "failed")
    m.sees("systemctl is-system-running || true", "degraded")
