# SPDX-License-Identifier: LGPL-2.1-or-later
"""Patches on an ext4 volume are loaded before the root device is opened, by an image that is older
than they are."""

import hashlib

from bench import ledger
from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE

FILES = "mount -o ro /dev/vdb /mnt && find /mnt/lpd -type f -printf '%P\\n'; umount /mnt"


def case(m):
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-store.conf", "[Store]\nDevice=LABEL=store\n")
    image = m.make_initramfs()
    m.disk("store", "32M")
    m.reboot(initramfs=image)
    m.contains("the journal", early_words(m), "volume LABEL=store: /dev/vdb: there are no patches")

    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')}")
    m.equal("what an image would carry", m.json("lpctl initramfs-files --json=short")["patches"], [])
    # Of a confirmed patch no attempt is written.
    ledger.confirm(m, "lp-version", "initrd")
    m.ok("/usr/lib/lpd/lpd sync-early")
    m.shutdown()
    before = digest(m)
    m.boot(initramfs=image)
    loads = m.journal("SYSLOG_IDENTIFIER=kernel", "--grep=enabling patch")
    m.equal("the number of loads", len(loads), 1)
    mounts = m.journal("_TRANSPORT=kernel", "--grep=EXT4-fs .vda.: mounted")
    m.before("the patch", loads[0], "the root file system", mounts[0])
    taken_over(m)
    m.equal("the volume", m.json("lpctl status --json=short")["volume"],
            {"device": "LABEL=store", "node": "/dev/vdb", "type": "ext4", "problems": []})
    # It was not written to, and not left mounted.
    m.sees("dmesg | grep '(vdb): mounted filesystem'", "without journal")
    m.sees_not("cat /proc/mounts", "vdb")
    m.equal("that the volume is as it was", digest(m) == before, True)

    follows(m)
    m.reboot(initramfs=image)
    taken_over(m)
    m.equal("the build id", m.patch_status("lp-version")["module"]["buildId"], "42" * 20)
    undone(m)


def digest(m):
    """Digest of the whole volume."""
    return hashlib.sha256((m.directory / "store.raw").read_bytes()).hexdigest()


def early_words(m):
    return m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat")


def taken_over(m):
    m.sees("cat /proc/version", "live patched by lp-version")
    m.equal("the state", m.state("lp-version"), "active")
    m.sees("systemctl is-active livepatch@lp-version", "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "initrd")


def follows(m):
    """After each command the volume contains what the machine has."""
    wanted = {"patches.d/lp-version.conf", f"modules/{m.kernel}/lp-version.ko",
              f"patches.d/lp-version.conf.d/20-kernel-{m.kernel}.conf"}
    m.equal("the files", set(m.ok(FILES).split()), wanted)
    m.ok("lpctl disable lp-version")
    m.equal("the files of a disabled patch", m.ok(FILES), "")
    m.ok("lpctl enable lp-version")
    m.equal("the files", set(m.ok(FILES).split()), wanted)
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-uptime')}")
    m.equal("the number of files of two", len(m.ok(FILES).split()), 6)
    m.ok("lpctl remove lp-uptime")
    m.equal("the files", set(m.ok(FILES).split()), wanted)
    m.ok(f"cp {m.patch('lp-version')} /root/lp-version.ko")
    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         "-i /root/lp-version.ko")
    m.ok("lpctl install --no-load /root/lp-version.ko")


def undone(m):
    """A patch that cannot be written to the volume, or not be loaded, is not on the machine
    either."""
    before = m.ok(FILES)
    m.fails(f"lpctl install --stage=initrd {m.patch('lp-badinit')}", exit=1)
    m.equal("the files", m.ok(FILES), before)
    m.ok("e2label /dev/vdb elsewhere")
    m.fails(f"lpctl install --stage=initrd {m.patch('lp-uptime')}", exit=1,
            says="no block device has LABEL=store")
    m.fails("lpctl remove lp-version", exit=1, says="no block device has LABEL=store")
    m.fails("lpctl disable lp-version", exit=1, says="no block device has LABEL=store")
    m.fails("lpctl status lp-uptime lp-badinit", exit=3)
    m.equal("the manifests", m.ok("cd /etc/lpd/patches.d && find . -type f | sort"),
            f"./lp-version.conf\n./lp-version.conf.d/20-kernel-{m.kernel}.conf\n")
    m.equal("the state", m.state("lp-version"), "active")
    # A patch of the host does not belong on the volume.
    m.ok(f"lpctl install {m.patch('lp-uptime')}")
