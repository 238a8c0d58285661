# SPDX-License-Identifier: LGPL-2.1-or-later
"""Power cuts at random moments of an lpctl install to a volume, ext4 and vfat: the volume has the
old or the new contents, the machine boots with them, and the next command repairs everything. After
the command has ended, the new contents are there."""

import os
import time

from bench import ledger

CUTS = int(os.environ.get("LPD_CUTS", "1"))
FILES = """
mount -o ro /dev/{} /mnt && cd /mnt/lpd && find . -type f -exec sha256sum {{}} +
cd / && umount /mnt
"""
INSTALL = "lpctl install --no-load --no-rebuild --stage=initrd"


def case(m):
    m.disk("store", "32M")
    m.partitioned_disk("esp")
    m.boot()
    m.ok("mkfs.vfat /dev/vdc1")
    for tag, node in (("LABEL=store", "vdb"), ("PARTLABEL=esp", "vdc1")):
        m.write("/etc/lpd/lpd.conf.d/50-store.conf", f"[Store]\nDevice={tag}\n")
        m.ok(f"{INSTALL} {m.patch('lp-version')}")
        ledger.confirm(m, "lp-version", "initrd")   # power cuts in a row would quarantine it
        m.ok("lpctl enable lp-version; sync")
        cut(m, node, m.make_initramfs())


def cut(m, node, image):
    """The new patch is large, so that most of the time is spent on the volume."""
    install = f"{INSTALL} {m.patch('lp-size-10m')}"
    old = files(m, node)
    begin = time.monotonic()
    m.ok(install)
    duration = time.monotonic() - begin
    new = files(m, node)
    m.equal("the number of files", (len(old), len(new)), (3, 6))
    found = []
    for _ in range(CUTS):
        m.ok("lpctl remove lp-size-10m; sync")
        m.equal("what is on it", files(m, node), old)
        moment = m.random.uniform(0.2, 1.1) * duration
        m.cut_during(install, 1000 * moment, initramfs=image)
        there = files(m, node)
        when = f"{node}, cut {moment:.3f} s into {duration:.3f} s"
        m.equal(f"{when}: that the old or the new is there", there in (old, new), True)
        found.append("new" if there == new else "old")
        m.sees("cat /proc/version", "live patched by lp-version")
        m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "initrd")
        m.sees("systemctl is-system-running", "running")
        m.ok(install)
        m.equal("what the next command makes of it", files(m, node), new)
        top = m.ok(f"mount -o ro /dev/{node} /mnt && ls /mnt; umount /mnt").split()
        m.equal("what else is on it", top, [*(["lost+found"] if node == "vdb" else []), "lpd", "lpd.ledger"])
    # If the volume is also mounted on the host, unmounting writes nothing.
    m.ok(f"lpctl remove lp-size-10m; mount /dev/{node} /srv; sync")
    m.ok(install)
    m.power_cut()
    m.boot(initramfs=image)
    m.equal(f"{node}: what a command that has ended leaves", files(m, node), new)
    print(f"{m.series}: after {CUTS} cuts {node} had: {' '.join(found)}")
    m.ok("lpctl remove lp-size-10m")


def files(m, node):
    """{path: SHA256} below lpd/."""
    lines = m.ok(FILES.format(node)).splitlines()
    return {path: digest for digest, path in (line.split() for line in lines)}
