# SPDX-License-Identifier: LGPL-2.1-or-later
"""/var is a separate file system: its patches are loaded before sysinit.target, and stay loaded to
the end."""


def case(m):
    m.disk("var", source="/var")
    m.boot()
    m.write("/etc/fstab", "LABEL=var /var ext4 defaults 0 2\n")
    m.reboot()
    m.ok("mountpoint -q /var")
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.reboot()
    m.ok("mountpoint -q /var")
    m.equal("the state", m.state("lp-cmdline"), "active")
    m.sees("systemctl is-active livepatch@lp-cmdline", "active")
    kernel = m.journal("_TRANSPORT=kernel", "--grep=enabling patch 'lp_cmdline'")
    reached = m.journal("UNIT=sysinit.target", "JOB_RESULT=done")
    m.before("the patch", kernel[0], "sysinit.target", reached[0])
    # Unmounting it at shutdown must not unload the patch.
    m.reboot()
    m.ok("test -z \"$(journalctl -b -1 MESSAGE_ID=387f33bccbd3462ba667854ccb4dd61d -q)\"")
