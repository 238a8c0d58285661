# SPDX-License-Identifier: LGPL-2.1-or-later
"""An install that is refused or fails leaves the machine exactly as it was."""

LOOK = ("{ find /etc/lpd /var/lib/lpd /run/lpd -type f -printf '%p %m %s %T@\\n' -o -printf '%p %m\\n'; ls /sys/kernel/livepatch; "
        "systemctl --failed --no-legend; cat /proc/modules | cut -d' ' -f1; } 2>/dev/null | sort")


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-uptime')}")
    m.ok("systemctl stop systemd-timesyncd 2>/dev/null; true")
    before = m.ok(LOOK)
    for file, status in (("lp-badinit", 1), ("lp-truncated", 5), ("lp-wrong-release", 6)):
        m.fails(f"lpctl install {m.patch(file)}", exit=status)
        m.equal(f"the machine after {file}", m.ok(LOOK), before)
    m.fails("lpctl install /bin/true /dev/zero /etc /nosuch", exit=5)
    m.equal("the machine after what is no module", m.ok(LOOK), before)
    m.ok("printf '[Trust]\\nSignature=required\\n' >/run/required.conf; mkdir -p /run/lpd/lpd.conf.d")
    m.ok("mount --bind /run/required.conf /etc/lpd/lpd.conf.d/10-bench.conf")
    m.fails(f"lpctl install {m.patch('lp-cmdline')}", exit=5, says="Signature=required")
    m.fails(f"lpctl load {m.patch('lp-cmdline')}", exit=5, says="Signature=required")
    m.ok("umount /etc/lpd/lpd.conf.d/10-bench.conf; rmdir /run/lpd/lpd.conf.d")
    m.sees("cat /proc/uptime", "live patched")
    # The disk is full: no partial file stays.
    m.ok("mkdir -p /run/small && mount -t tmpfs -o size=64k none /run/small")
    m.ok("mkdir -p /var/lib/lpd/modules && mount --bind /run/small /var/lib/lpd/modules")
    m.ok("head -c 60k /dev/zero >/run/small/filler")
    m.fails(f"lpctl install {m.patch('lp-cmdline')}", exit=1, says="No space left")
    m.equal("the full store", m.ok("ls -A /run/small").split(), ["filler"])
