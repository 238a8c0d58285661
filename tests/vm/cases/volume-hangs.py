# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk stops answering while the initramfs reads the volume on it: the boot continues in time
without it, with a clear message, in images of initramfs-tools and of dracut with systemd."""

# Both say when they begin, and give the bench time to stop the disk.
SCRIPT = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
echo "bench: before" >/dev/kmsg
sleep 3
/usr/lib/lpd/lpd-volume
echo "bench: after" >/dev/kmsg
"""
# A disk that stops while udev reads it would stop the images' own programs, which wait for udev, for longer.
PROGRAM = """#!/bin/sh
udevadm settle
echo "bench: before" >/dev/kmsg
sleep 3
/usr/lib/lpd/lpd-volume.real
status=$?
echo "bench: after" >/dev/kmsg
exit $status
"""
PROBLEM = "it could not be read within 10 s"
STUCK = "pgrep -x 'lpd-volume|lpd-volume.real'"
SLEPT, WAIT_SEC, DEVICE_SEC = 3, 3, 10


def case(m):
    m.disk("store", "32M")
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-store.conf", "[Store]\nDevice=LABEL=store\n")
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')}")
    m.write("/etc/initramfs-tools/scripts/init-premount/lpd", SCRIPT, mode=0o755)
    hangs(m, m.make_initramfs())
    m.ok("cd /usr/lib/lpd && mv lpd-volume lpd-volume.real")
    m.write("/usr/lib/lpd/lpd-volume", PROGRAM, mode=0o755)
    m.write("/etc/dracut.conf.d/bench.conf", 'install_items+=" /usr/lib/lpd/lpd-volume.real "\n')
    hangs(m, m.make_initramfs("dracut"))


def hangs(m, image):
    m.shutdown()
    m.boot(initramfs=image, wait=False)
    m.wait_console("bench: before")
    m.stop_disk("store")
    m.wait_booted()
    marks = [m.journal(f"MESSAGE={mark}")[0] for mark in ("before", "after")]
    first, last = (int(mark["_SOURCE_MONOTONIC_TIMESTAMP"]) / 1e6 for mark in marks)
    took = last - first - SLEPT
    print(f"{m.series}: a disk that hangs holds the boot up for {took:.2f} s")
    m.equal(f"that {took:.2f} s are what is allowed",
            WAIT_SEC + DEVICE_SEC <= took < WAIT_SEC + DEVICE_SEC + 2, True)
    m.contains("the journal", m.ok("journalctl -b -t lpd -o cat"), f"volume LABEL=store: {PROBLEM}")
    m.contains("lpctl status", m.ok("lpctl status"), PROBLEM)
    m.equal("the state", m.state("lp-version"), "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "system")
    # The stuck process was killed, which takes effect when the disk answers.
    m.ok(f"grep '^ShdPnd:.*1..$' /proc/$({STUCK})/status")   # SIGKILL
    m.go_on_disk("store")
    m.wait_until(f"! {STUCK}")
    m.equal("the number of loads", len(m.journal("SYSLOG_IDENTIFIER=kernel", "--grep=enabling patch")), 1)
    m.sees("systemctl is-system-running", "running")
