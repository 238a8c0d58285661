# SPDX-License-Identifier: LGPL-2.1-or-later
"""Under Secure Boot the initramfs checks signatures completely; a refused patch does not delay the
boot. A CPU without random numbers makes no difference."""

from bench import early

# Marks in the kernel's log show what happened while lpd ran.
MARKED = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
echo "bench: before" >/dev/kmsg
/usr/lib/lpd/lpd initrd
echo "bench: after" >/dev/kmsg
"""


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    plain = m.make_initramfs()
    signed = m.patch("lp-version", by="mok")
    m.ok(f"lpctl install --name=lp-version --no-load --stage=initrd {signed}")
    # In Debian's Linux 6.1 SHA-512 is a module, which the kernel requests when it checks a
    # signature.
    m.ok(f"lpctl install --name=lp-cmdline --no-load --stage=initrd {m.patch('lp-cmdline', by='mok-sha512')}")
    m.write("/etc/initramfs-tools/scripts/init-top/lpd", MARKED, mode=0o755)
    image = m.make_initramfs()
    early.grows_little(m, plain, image)
    m.reboot(initramfs=image)
    print(f"{m.series}: lpd takes {took(m):.0f} ms in the initramfs")
    result = m.json("cat /run/lpd/lp-cmdline.json")
    m.equal("the patch with SHA-512", [result[key] for key in ("stage", "verdict", "way")],
            ["initrd", "verified", "kernel-load"])

    m.ok("lpctl remove lp-cmdline")
    early.install_refused(m)
    m.reboot(initramfs=m.make_initramfs(), cpu="qemu64")
    early.checked(m)
    early.left_out(m)
    said = m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat")
    m.contains("the initramfs", said, "lp-cumul-1.ko: no key of this machine made its signature")


def took(m):
    marks = [m.journal(f"MESSAGE={mark}")[0] for mark in ("before", "after")]
    first, last = (int(mark["_SOURCE_MONOTONIC_TIMESTAMP"]) for mark in marks)
    return (last - first) / 1000
