# SPDX-License-Identifier: LGPL-2.1-or-later
"""Things that need a module after the lock fail: a file system, a disk, a firewall rule. With these
modules in Modules= all of them work on a locked machine."""

POLICY = "[Lock]\nLock=settled\nModules="
NFT = "nft add table inet t && nft 'add chain inet t c { type filter hook input priority 0; }' && " \
      "nft add rule inet t c ct state established accept"
VFAT = "mkfs.vfat -C /root/fat.img 1024 >/dev/null; mount -o ro /root/fat.img /mnt"


def case(m):
    m.boot()
    m.slot()
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf", POLICY + "loop\n")
    m.reboot()
    locked(m)
    m.plug_disk()
    m.fails(VFAT, says="vfat")
    m.fails(NFT)
    m.ok("sleep 2; udevadm settle")
    m.fails("grep -w sda /proc/partitions")

    m.write("/etc/lpd/lpd.conf.d/50-lock.conf",
            POLICY + "loop vfat nls_cp437 nls_ascii nft_ct nf_conntrack virtio_scsi sd_mod\n")
    m.reboot()
    locked(m)
    m.plug_disk()
    m.ok(VFAT)
    m.ok(NFT)
    m.wait_until("grep -w sda /proc/partitions")
    m.sees("dd if=/dev/sda of=/dev/null bs=1M 2>&1", "16777216 bytes")


def locked(m):
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled")
    m.fails("modprobe dummy", says="Operation not permitted")
