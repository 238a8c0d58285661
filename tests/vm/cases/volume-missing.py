# SPDX-License-Identifier: LGPL-2.1-or-later
"""A volume that is missing, exists twice, or has another file system is named, and the boot
continues in time."""

# Marks in the kernel's log show what happened while lpd ran.
MARKED = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
echo "bench: before" >/dev/kmsg
/usr/lib/lpd/lpd-volume
echo "bench: after" >/dev/kmsg
"""


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')}")
    m.write("/etc/lpd/lpd.conf.d/50-store.conf", "[Store]\nDevice=LABEL=store\n")
    m.write("/etc/initramfs-tools/scripts/init-premount/lpd", MARKED, mode=0o755)
    image = m.make_initramfs()
    m.disk("one", "16M")
    m.disk("two", "16M")
    m.reboot(initramfs=image)
    on_the_host(m, "no block device has LABEL=store, and none appeared within 3 s; attach it")
    marks = [m.journal(f"MESSAGE={mark}")[0] for mark in ("before", "after")]
    first, last = (int(mark["_SOURCE_MONOTONIC_TIMESTAMP"]) / 1e6 for mark in marks)
    print(f"{m.series}: a missing volume holds the boot up for {last - first:.2f} s")
    m.equal(f"that {last - first:.2f} s are about 3 s", 2 <= last - first < 3.5, True)

    m.ok("e2label /dev/vdb store; e2label /dev/vdc store")
    m.fails("lpctl enable lp-version", exit=1, says="several block devices have LABEL=store: /dev/vdb, /dev/vdc")
    m.reboot(initramfs=image)
    on_the_host(m, "several block devices have LABEL=store: /dev/vdb, /dev/vdc; relabel or detach")

    m.ok("e2label /dev/vdc other; wipefs -qa /dev/vdb; mkswap -q -L store /dev/vdb")
    m.reboot(initramfs=image)
    on_the_host(m, "/dev/vdb (LABEL=store) contains swap, not ext4 or vfat")

    m.reboot(initramfs=image, cmdline="rd.lpd=0")
    m.equal("what was said", m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat"), "")


def on_the_host(m, problem):
    """The patch is loaded on the host, and the problem reported."""
    m.equal("the state", m.state("lp-version"), "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "system")
    m.contains("the journal", m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat"),
               f"volume LABEL=store: {problem}")
    m.contains("lpctl status", m.ok("lpctl status"), problem)
    m.sees("systemctl is-system-running", "running")
