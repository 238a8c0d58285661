# SPDX-License-Identifier: LGPL-2.1-or-later
"""Patches on the EFI system partition: vfat, found by its PARTLABEL, and also mounted on the
host."""


def case(m):
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-store.conf", "[Store]\nDevice=PARTLABEL=esp\n")
    image = m.make_initramfs()
    m.partitioned_disk("esp")
    m.reboot()
    m.ok("mkfs.vfat /dev/vdb1 && mkdir -p /boot/efi && mount -o umask=0077 /dev/vdb1 /boot/efi")
    m.ok("mkdir /boot/efi/EFI")
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')}")
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-uptime')}")
    m.ok("lpctl remove lp-uptime")
    m.equal("what is on it", m.ok("cd /boot/efi && find . -type f | sort").split(),
            [f"./lpd/modules/{m.kernel}/lp-version.ko", "./lpd/patches.d/lp-version.conf",
             f"./lpd/patches.d/lp-version.conf.d/20-kernel-{m.kernel}.conf"])
    m.reboot(initramfs=image)
    loads = m.journal("SYSLOG_IDENTIFIER=kernel", "--grep=enabling patch")
    m.equal("the number of loads", len(loads), 1)
    mounts = m.journal("_TRANSPORT=kernel", "--grep=EXT4-fs .vda.: mounted")
    m.before("the patch", loads[0], "the root file system", mounts[0])
    m.sees("cat /proc/version", "live patched by lp-version")
    m.sees("systemctl is-active livepatch@lp-version", "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "initrd")
    m.equal("the volume", m.json("lpctl status --json=short")["volume"],
            {"device": "PARTLABEL=esp", "node": "/dev/vdb1", "type": "vfat", "problems": []})
