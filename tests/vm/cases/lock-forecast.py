# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl lock --dry-run names the modules whose lack then breaks a locked machine: a mount, a firewall
and a disk that is plugged in. What it proposes, put into lpd.conf.d as it is, makes the same machine work
locked. What one boot has loaded late, the next knows of."""

RULES = """
table inet t {
    chain c {
        type filter hook input priority 0
        ct state established limit rate 3/minute accept
    }
}
"""
RECORD = "/var/lib/lpd/late-modules.json"


def case(m):
    m.disk("esp", "16M")
    m.slot()
    m.boot()
    m.ok("systemctl --quiet enable --now lpd")
    m.ok("mkfs.vfat -n ESP /dev/vdb && mkdir -p /boot/efi")
    m.write("/etc/fstab", "LABEL=ESP /boot/efi vfat noauto 0 0\n")
    m.write("/etc/nftables.conf", RULES)
    loads_late(m)

    m.reboot()
    m.ok("systemctl enable nftables")
    proposal = forecasts(m)
    breaks(m)

    # If nftables were still enabled, it would load its modules before the lock, and this would prove nothing.
    m.ok("systemctl disable nftables")
    m.write("/etc/lpd/lpd.conf.d/50-modules.conf", proposal)
    m.write("/etc/lpd/lpd.conf.d/60-lock.conf", "[Lock]\nLock=settled\n")
    m.reboot()
    works(m)


def loads_late(m):
    m.plug_disk()
    m.wait_until("test -e /dev/sda")
    m.ok("modprobe dummy")
    m.wait_until(f"grep -q sd_mod {RECORD} && grep -q dummy {RECORD}")
    m.sees_not(f"cat {RECORD}", "vfat")
    m.sees(f"stat -c '%U %a' /var/lib/lpd {RECORD}", "root 755\nroot 644")


def forecasts(m):
    forecast = m.json("lpctl lock --dry-run --json=short")["forecast"]
    found = {(o["module"], o["source"]) for o in forecast["modules"]}
    for wanted in (("vfat", "filesystem"), ("nls_ascii", "filesystem"), ("nft_ct", "firewall"),
                   ("nft_limit", "firewall"), ("virtio_scsi", "record"), ("sd_mod", "record"),
                   ("dummy", "record")):
        m.equal(f"that {wanted} is forecast", wanted in found, True)
    m.equal("what the lock would do", forecast["outcome"], "lock")
    m.equal("what cannot be read", forecast["unread"], [])
    m.sees("lpctl lock --dry-run", "\nModules=")
    m.sees("cat /proc/sys/kernel/modules_disabled", "0")
    # Every user may run it.
    m.ok("setpriv --reuid=65534 --clear-groups lpctl lock --dry-run")
    return forecast["proposal"]["text"]


def breaks(m):
    m.ok("lpctl lock")
    m.fails("mount /boot/efi", says="unknown filesystem type 'vfat'")
    m.fails("nft -f /etc/nftables.conf")   # each release of nft words it differently
    m.fails("modprobe dummy", says="Operation not permitted")
    m.plug_disk()
    m.wait_until("grep -qx 'virtio:d00000008v00001AF4' /sys/bus/virtio/devices/*/modalias")
    m.ok("udevadm settle && ! test -e /dev/sda")
    m.sees("lpctl lock --dry-run", "Modules are locked already.")
    m.sees("lpctl lock --dry-run", "has no driver")


def works(m):
    m.wait_until("grep -qx 1 /proc/sys/kernel/modules_disabled")
    m.fails("modprobe xfs")
    m.ok("mount /boot/efi && touch /boot/efi/it")
    m.ok("nft -f /etc/nftables.conf")
    m.sees("nft list ruleset", "ct state established")
    m.ok("modprobe dummy && test -e /sys/module/dummy/initstate")
    m.plug_disk()
    m.wait_until("test -e /dev/sda")
    again = m.json("lpctl lock --dry-run --json=short")["forecast"]
    missing = [o for o in again["modules"] if not o["loaded"] and o["source"] != "device"]
    m.equal("what is missing still", missing, [])
    # A boot that was locked is none that tells anything.
    m.sees(f"jq '.boots | length' {RECORD}", "1")
