# SPDX-License-Identifier: LGPL-2.1-or-later
"""/var is a separate file system: its patches, and those of another loader there, are loaded before
sysinit.target, and stay loaded to the end."""


def case(m):
    m.disk("var", source="/var")
    m.boot()
    m.write("/etc/fstab", "LABEL=var /var ext4 defaults 0 2\n")
    m.reboot()
    m.ok("mountpoint -q /var")
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.write("/etc/lpd/lpd.conf.d/50-kpatch.conf", "[Store]\nAdopt=/var/lib/kpatch/%v\n")
    m.ok(f"mkdir -p /var/lib/kpatch/{m.kernel} && cp {m.patch('lp-version')} /var/lib/kpatch/{m.kernel}/")
    m.reboot()
    m.ok("mountpoint -q /var")
    for name in ("lp-cmdline", "lp-version"):
        m.equal("the state", m.state(name), "active")
        m.sees(f"systemctl is-active livepatch@{name}", "active")
        kernel = m.journal("_TRANSPORT=kernel", f"--grep=enabling patch '{name.replace('-', '_')}'")
        reached = m.journal("UNIT=sysinit.target", "JOB_RESULT=done")
        m.before("the patch", kernel[0], "sysinit.target", reached[0])
    m.equal("failed units", m.ok("systemctl list-units --failed --plain --no-legend").strip(), "")
    # Unmounting it at shutdown must not unload the patch.
    m.reboot()
    m.ok("test -z \"$(journalctl -b -1 MESSAGE_ID=387f33bccbd3462ba667854ccb4dd61d -q)\"")
