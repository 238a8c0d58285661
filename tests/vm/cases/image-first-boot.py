# SPDX-License-Identifier: LGPL-2.1-or-later
"""A system made from an image, which runs no scripts of packages: /usr is read-only, /etc an overlay, /var empty.
Patches that are only in /usr are loaded at the first boot, and lpctl install says what to do if /etc is read-only."""

# What an image-based system does before its init: the root file system is read-only, /etc is an overlay on it.
INIT = """#!/bin/sh
mount -t tmpfs -o mode=0755 tmpfs /run
modprobe overlay
mkdir -p /run/etc/upper /run/etc/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work overlay /etc
mount -o remount,ro /
exec /lib/systemd/systemd "$@"
"""


def case(m):
    m.disk("var", size="64M")
    m.boot()
    m.ok(f"mkdir -p /usr/lib/lpd/modules/{m.kernel} /usr/lib/modules/{m.kernel}/livepatch")
    m.ok(f"cp {m.patch('lp-cmdline')} /usr/lib/lpd/modules/{m.kernel}/lp-cmdline.ko")
    m.ok(f"cp {m.patch('lp-uptime')} /usr/lib/modules/{m.kernel}/livepatch/lp-uptime.ko")
    m.write("/usr/lib/lpd/patches.d/lp-cmdline.conf", "[Patch]\nDescription=From the image\nRequired=yes\n")
    m.write("/usr/lib/lpd/patches.d/lp-uptime.conf", "[Patch]\nDescription=From the image\nRollout=100%\n")
    m.write("/usr/lib/lpd/lpd.conf", "[Trust]\nSignature=permissive\n")
    m.write("/etc/fstab", "LABEL=var /var ext4 defaults 0 2\n")
    m.write("/etc/machine-id", "uninitialized\n")
    m.ok("rm -rf /etc/lpd /var/lib/lpd /var/lib/systemd /etc/.updated; rm -f /usr/sbin/init")
    m.write("/usr/sbin/init", INIT, mode=0o755)
    m.reboot()
    m.fails("touch /usr/x", says="Read-only")
    m.equal("first boots", len(m.journal("--grep=Detected first boot")), 1)
    for name in ("lp-cmdline", "lp-uptime"):
        m.equal(name, m.state(name), "active")
        m.equal("its attempts", len(m.json(f"lpctl ledger {name} --json=short")["builds"][0]["attempts"]), 1)
    m.sees("systemctl is-enabled lpd.service", "enabled")
    m.equal("failed units", m.ok("systemctl list-units --failed --plain --no-legend").strip(), "")
    m.ok(f"lpctl install {m.patch('lp-version')}")
    m.ok("lpctl remove lp-version && mount -o remount,ro /etc")
    m.fails(f"lpctl install {m.patch('lp-version')}", exit=1, says="put patches into the image, in /usr/lib/lpd")
    m.fails("lpctl status lp-version", exit=3)
    m.sees_not("cat /proc/version", "live patched")
