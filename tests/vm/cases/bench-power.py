# SPDX-License-Identifier: LGPL-2.1-or-later
"""Self-test: a power cut loses data that were not flushed; other kernels and disks can be
booted."""

MACHINES = ("12/6.1",)   # it has two kernels


def case(m):
    m.boot()
    m.ok("echo flushed >/root/flushed; sync /root/flushed; echo lost >/root/lost")
    m.power_cut()
    m.boot()
    m.sees("cat /root/flushed", "flushed")
    m.sees("cat /root/lost 2>&1 || true", "No such file")

    m.disk("var", source="/var")
    m.write("/etc/fstab", "LABEL=var /var ext4 defaults 0 2\n")
    other = "6.12" if m.series == "6.1" else "6.1"
    m.reboot(series=other, cmdline="bench.word=1")
    m.sees("uname -r", m.kernel)
    m.sees("cat /proc/cmdline", "bench.word=1")
    m.sees("findmnt -no SOURCE /var", "/dev/vdb")

    m.cut_during("for i in {1..1000}; do echo $i >/root/count; sync /root/count; done", 700)
    m.sees_not("cat /root/count", "1000")

    m.reboot(initramfs="debian")
    m.sees("cat /root/flushed", "flushed")
