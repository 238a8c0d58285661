# SPDX-License-Identifier: LGPL-2.1-or-later
"""A package with a patch only places files: the patch is loaded when dpkg has finished and after a reboot,
another build takes its place, removal unloads it. An upgrade of lpd unloads nothing, removal neither."""

NAME, MODULE = "fix-nft", "lp_cmdline"


def case(m):
    m.boot(secure_boot=True)
    m.packages()
    dpkg(m, "-i lpd.deb")
    m.sees("systemctl is-enabled lpd; systemctl is-active lpd", "enabled\nactive")

    m.contains("dpkg", dpkg(m, "-i fix-1.deb"), "it is not loaded")
    old = is_loaded(m)
    m.sees(f"lpctl show {NAME}", "CVE-2024-1086")
    monitor = m.ok("systemctl show -p MainPID --value lpd")
    dpkg(m, "-i newer-lpd.deb")
    m.equal("that the monitor was restarted", m.ok("systemctl show -p MainPID --value lpd") == monitor, False)
    m.sees("systemctl is-active lpd", "active")
    m.equal("the build", is_loaded(m), old)
    m.equal("what was unloaded", m.journal("LPD_ACTION=unload"), [])

    m.reboot()
    m.equal("the build", is_loaded(m), old)
    dpkg(m, "-i fix-2.deb")
    m.equal("the build", is_loaded(m), "42" * 20)
    m.sees(f"systemctl is-active livepatch@{NAME}", "active")

    dpkg(m, "-r livepatch-fix-nft")
    m.ok(f"test ! -e /sys/module/{MODULE}")
    m.fails(f"lpctl status {NAME}", exit=3)

    dpkg(m, "-i fix-1.deb")
    is_loaded(m)
    m.contains("dpkg", dpkg(m, "-r lpd livepatch-fix-nft"), f"live patch {MODULE} stays loaded until")
    m.sees("cat /proc/cmdline", "live patched")
    dpkg(m, "-P lpd livepatch-fix-nft")
    m.equal("what is left", m.ok("ls -d /etc/lpd /var/lib/lpd /usr/lib/lpd 2>/dev/null || true"), "")


def dpkg(m, arguments):
    return m.ok(f"cd /root && dpkg --no-pager {arguments} 2>&1", timeout=180)


def is_loaded(m):
    """The build id of the patch, which the kernel has verified."""
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    patch = m.patch_status(NAME)
    m.equal("the verdict", patch["signature"]["verdict"], "verified")
    return patch["module"]["buildId"]
