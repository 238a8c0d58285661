# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever is on a volume, each bad file is named, the good patch beside it is loaded, and the
machine boots, delayed by no more than the budget of the initramfs."""

import lzma

PATCHES = ("lp-version", "lp-uptime", "lp-cmdline", "lp-many-001", "lp-many-002", "lp-many-003")

# A truncated module, a manifest that pins another one, a link out of the volume, a file that others
# can write to, a module that does not belong to root, and invalid names.
SPOIL = """
mount /dev/vdb /mnt && cd /mnt/lpd
truncate -s 5000 modules/*/lp-uptime.ko
sed -i "s/^SHA256=.*/SHA256=$(printf x | sha256sum | cut -c-64)/" patches.d/lp-cmdline.conf.d/20-*.conf
rm patches.d/lp-many-001.conf && ln -s /etc/passwd patches.d/lp-many-001.conf
chmod 666 patches.d/lp-many-002.conf
chown 1000 modules/*/lp-many-003.ko
mkdir patches.d/dir.conf && echo rubbish >patches.d/rubbish.conf && mkfifo patches.d/fifo.conf
printf '[Patch]\\nStage=initrd\\n' >$'patches.d/\\e[31m.conf'
ln -s ../../../etc modules/9.9.9
cd / && umount /mnt
"""

SAID = (
    "lp-uptime.ko: ",
    "lp-cmdline.ko: its SHA256 is ",
    "/lpd/patches.d/lp-many-001.conf: is a symbolic link",
    "/lpd/patches.d/lp-many-002.conf: it can be written by everybody",
    "lp-many-003.ko: it belongs to user 1000, not to root",
    "/lpd/patches.d/dir.conf: is a directory",
    "/lpd/patches.d/fifo.conf: is not a regular file",
    "rubbish.conf:1: ",
    "?[31m.conf",
)


BOMBS, MANIFESTS = 20, 250
# EARLY_SEC_MAX and EARLY_GRACE_SEC in lpd/state/early.h; and the boot as a whole, on a busy host.
SPENT_MAX, HELD_UP_MAX = 20 + 5, 60


def root_mounted(m):
    """Seconds into the boot at which the root file system was mounted, when the initramfs had
    finished."""
    return int(m.journal("_TRANSPORT=kernel", "--grep=EXT4-fs .vda.: mounted")[0]["_SOURCE_MONOTONIC_TIMESTAMP"]) / 1e6


def overload(m):
    """Modules that unpack to 256 MiB each, after the good patch, and an excessive number of
    manifests."""
    bomb = lzma.compress(bytes(256 << 20), preset=0)
    names = [f"lp-x{i:03}" for i in range(MANIFESTS)]
    m.ok("mount /dev/vdb /mnt && rm -r /mnt/lpd/patches.d/lp-[cmu]* /mnt/lpd/patches.d/[dfr]* /mnt/lpd/modules/9.9.9")
    m.write_all("/mnt/lpd/patches.d", {f"{name}.conf": b"[Patch]\nStage=initrd\n" for name in names}
                | {"lp-a.conf": f"[Patch]\nStage=initrd\n[Kernel:{m.kernel}]\nModule=/usr/lib/lpd/lpd\n".encode()})
    m.write_all(f"/mnt/lpd/modules/{m.kernel}", {f"{name}.ko.xz": bomb for name in names[:BOMBS]})
    # Its name comes before all of them.
    m.ok("cd /mnt/lpd && for i in patches.d modules/*; do (cd $i && for f in lp-version.*; do mv $f lp-0${f#lp-version}; done); done;"
         " sed -i s/lp-version/lp-0/ patches.d/lp-0.conf*/* ; cd / && umount /mnt")


def case(m):
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-store.conf", "[Store]\nDevice=LABEL=store\n")
    image = m.make_initramfs()
    m.disk("store", "32M")
    m.reboot()
    m.ok(f"lpctl install --no-load --stage=initrd {' '.join(map(m.patch, PATCHES))}")
    m.ok(SPOIL)
    m.reboot(initramfs=image)
    said = m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat")
    for part in SAID:
        m.contains("the initramfs", said, part)
    stages = {name: m.json(f"cat /run/lpd/{name}.json")["stage"] for name in PATCHES}
    m.equal("where they were loaded", stages, {"lp-version": "initrd"} | dict.fromkeys(PATCHES[1:], "system"))
    m.equal("their states", {m.state(name) for name in PATCHES}, {"active"})
    m.contains("lpctl status", m.ok("lpctl status"), "lp-many-001.conf: is a symbolic link")
    m.sees("systemctl is-system-running", "running")

    before = root_mounted(m)
    overload(m)
    m.reboot(initramfs=image)
    after = root_mounted(m)
    print(f"{m.series}: the root file system is mounted {before:.1f} s into the boot, {after:.1f} s behind {BOMBS} bombs")
    m.equal(f"that {after:.1f} s are {HELD_UP_MAX} s more than {before:.1f} s at most",
            after - before <= HELD_UP_MAX, True)
    early = m.json("lpctl status --json=short")["early"]
    print(f"{m.series}: lpd has spent {early}")
    m.equal("that it kept to its budget", (early["usec"] <= SPENT_MAX * 1e6, early["bytes"] <= 64 << 20,
                                           early["patches"] <= 64), (True,) * 3)
    said = m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat")
    m.contains("the initramfs", said, "lp-0: loaded")
    m.contains("the initramfs", said, "lp-a: its manifest is from the volume, and Module= names a file")
    m.contains("the initramfs", said, "KiB that may still be unpacked")
    m.contains("lpctl status", m.ok("lpctl status"), "there are too many patches for the initramfs")
    # Only the volume has it, and it is beyond the budget.
    left = m.patch_status(f"lp-x{BOMBS - 1:03}")
    m.equal("that the host has it as not loaded", left["state"] in ("skipped", "refused", "failed"), True)
    m.sees("systemctl is-system-running", "running")

    # The superblock is intact, and there is nothing after it.
    m.ok("dd if=/dev/zero of=/dev/vdb bs=1k seek=2 count=20000 conv=notrunc status=none; sync")
    m.reboot(initramfs=image)
    m.contains("the initramfs", m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat"),
               "volume LABEL=store: /dev/vdb (LABEL=store) cannot be mounted as ext4: ")
    m.equal("the state", m.state("lp-version"), "active")
    m.fails("lpctl enable lp-version", exit=1, says="cannot be mounted as ext4")
    m.sees("systemctl is-system-running", "running")
