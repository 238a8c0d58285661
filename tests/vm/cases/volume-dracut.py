# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images of dracut, with systemd and without, read the patches of a volume before the root is mounted."""

from bench import early, initramfs


def case(m):
    m.disk("store", "32M")
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-store.conf", "[Store]\nDevice=LABEL=store\n")
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')}")
    for systemd in (True, False):
        image = m.make_initramfs("dracut", systemd=systemd)
        carried = initramfs.files(image)
        m.equal("that the image carries patches", any("lp-version" in name for name in carried), False)
        m.equal("that it can read vfat", any("/vfat.ko" in name for name in carried), True)
        m.reboot(initramfs=image)
        early.is_active(m)
        mounts = m.journal("_TRANSPORT=kernel", "--grep=EXT4-fs .vda.: mounted")
        m.before("the patch", early.enabling(m, "lp_version"), "the root file system", mounts[0])
        m.sees_not("cat /proc/mounts", "vdb")
        m.sees("systemctl is-system-running", "running")
        waited = [entry["MESSAGE"] for entry in m.journal("UNIT=systemd-udev-settle.service")]
        m.equal("what other units waited for as well", waited, [])
