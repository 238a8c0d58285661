# SPDX-License-Identifier: LGPL-2.1-or-later
"""Patches are loaded before anything that prevents it, and after the disk that contains them is
mounted: a sysctl.d file of the administrator, a module on a separate mount behind a link, and a
masked unit."""

LOCK = "/etc/sysctl.d/99-lock.conf"
NAMES = ("lp-cmdline", "lp-version")


def case(m):
    m.disk("data")
    m.boot()
    m.write("/etc/fstab", "LABEL=data /srv/my-data ext4 defaults 0 2\n")
    m.ok("mkdir /srv/my-data && mount /srv/my-data")
    for name in NAMES:
        m.ok(f"lpctl install --no-load {m.patch(name)}")
    m.ok("mv /var/lib/lpd /srv/my-data/lpd && ln -s ../../srv/my-data/lpd /var/lib/lpd")
    m.write(LOCK, "kernel.modules_disabled = 1\n")
    m.ok("systemctl unmask systemd-sysctl")   # the bench's image masks it
    m.reboot()
    m.equal("that modules are locked", m.ok("cat /proc/sys/kernel/modules_disabled").strip(), "1")
    for name in NAMES:
        m.equal(name, m.state(name), "active")
    m.sees("lpctl status", f"but not by lpd: {LOCK}:1: kernel.modules_disabled=1")
    m.sees("lpctl lint", f"warning: {LOCK}:1: kernel.modules_disabled=1")
    m.sees_not("journalctl -b", "ordering cycle")

    # The administrator's mask is respected, and in a crash kernel nothing is loaded.
    m.ok(f"rm {LOCK} && systemctl mask livepatch@lp-version.service")
    m.reboot()
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.equal("lp-version", m.state("lp-version"), "skipped")
    m.sees("lpctl why lp-version", "livepatch@lp-version.service is masked: /etc/systemd/system/")
    m.reboot(cmdline="elfcorehdr=0x1000")
    for name in NAMES:
        m.equal(name, m.state(name), "skipped")
    m.sees("lpctl status", "this is a crash kernel")
    m.equal("lpd.service", m.run("systemctl is-active lpd livepatch.target")[1].split()[0], "inactive")
