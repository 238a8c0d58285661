# SPDX-License-Identifier: LGPL-2.1-or-later
"""An administrator's machine, with root and /var on LVM on LUKS, a firewall, multipath, cloud-init, AppArmor and more,
loads its patches in the initramfs and at boot, and has nothing against lpd."""

from bench import early, quiet
from bench.kinds import FULL

MACHINES = FULL

SECONDS = 300
PASSPHRASE = "not-a-secret"
KEY = "/etc/cryptsetup-initramfs/key"
# A machine whose root is encrypted has these in its image anyway; this one is not encrypted yet when it is made.
DRIVERS = "dm_crypt aesni_intel aes xts ecb cbc sha256\n"

# The logical volume of the root file system is one piece of that size, which the disk begins with.
VOLUMES = """
    set -e
    pvcreate -qq -ff -y /dev/disk/by-id/virtio-pv
    vgcreate -qq vg /dev/disk/by-id/virtio-pv
    lvcreate -qq -y -Wn -Zn -n root -L $(blockdev --getsize64 /dev/vda)b vg
    lvcreate -qq -y -Wn -Zn -n var -L 512M vg
    mkfs.ext4 -q /dev/vg/var
    mount /dev/vg/var /mnt
    cp -ax /var/. /mnt
    umount /mnt
    vgchange -qq -an vg
"""
WANTED = "apparmor auditd chrony cloud-final cron lvm2-monitor multipathd nftables rsyslog ssh unattended-upgrades"


def case(m):
    m.disk("pv", "3G")
    m.boot(smp=1, timeout=SECONDS)
    quiet.check_units(m)
    m.ok(f"lpctl install --wait=30 {m.patch('lp-cmdline')}")
    early.install(m)
    m.write(KEY, PASSPHRASE, mode=0o600)
    m.write("/etc/cryptsetup-initramfs/conf-hook", f"KEYFILE_PATTERN={KEY}\n")
    m.write("/etc/crypttab", f"secret /dev/disk/by-id/virtio-root {KEY} luks,initramfs\n")
    m.write("/etc/fstab", "/dev/mapper/vg-root / ext4 defaults 0 1\n/dev/mapper/vg-var /var ext4 defaults 0 2\n")
    m.write("/etc/initramfs-tools/modules", DRIVERS.replace(" ", "\n"))
    image = m.make_initramfs()
    m.ok(VOLUMES)
    start = int(m.ok("pvs --noheadings --nosuffix --units b -o pe_start 2>/dev/null").strip())
    m.shutdown(SECONDS)
    m.move_root("pv", start)
    m.encrypt_root(PASSPHRASE)

    m.boot(initramfs=image, cmdline="root=/dev/mapper/vg-root audit=1", smp=4, timeout=SECONDS)
    is_what_it_says(m)
    early.loaded_before_root(m, root="dm-1")
    early.taken_over(m)
    m.equal("the state", m.state("lp-cmdline"), "active")
    has_nothing_against_lpd(m)


def is_what_it_says(m):
    """The machine has all of that at work."""
    m.sees("findmnt --noheadings --output SOURCE /", "/dev/mapper/vg-root")
    m.sees("findmnt --noheadings --output SOURCE /var", "/dev/mapper/vg-var")
    m.sees("lsblk --noheadings --inverse --output TYPE /dev/mapper/vg-var", "crypt")
    m.ok(f"systemctl is-active {WANTED}")
    m.sees("nft list ruleset", "policy drop")
    m.sees("cat /sys/module/apparmor/parameters/enabled", "Y")
    m.ok("test -e /run/cloud-was-here")


def has_nothing_against_lpd(m):
    m.equal("failed units", m.ok("systemctl --failed --plain --no-legend"), "")
    m.equal("ordering cycles", m.run("journalctl -b | grep -i 'ordering cycle'")[1], "")
    m.equal("quarantined builds", m.run("lpctl ledger | grep quarantined")[1], "")
    m.equal("AppArmor's denials", m.run("journalctl -b -a | grep 'apparmor=\"DENIED\"' | grep -E 'lpd|lpctl'")[1], "")
    quiet.check_journal(m)
    m.sees("journalctl -b", "audit")
