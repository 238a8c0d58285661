# SPDX-License-Identifier: LGPL-2.1-or-later
"""Under Secure Boot the initramfs checks signatures in full; what it refuses holds no boot up."""

# With marks in the kernel's log around what lpd does there.
MARKED = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
echo "bench: before" >/dev/kmsg
/usr/lib/lpd/lpd initrd
echo "bench: after" >/dev/kmsg
"""


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    plain = size(m.make_initramfs())
    signed, foreign = m.patch("lp-version", by="mok"), m.patch("lp-cumul-1", by="stranger")
    m.ok(f"lpctl install --name=lp-version --no-load --stage=initrd {signed}")
    m.write("/etc/initramfs-tools/scripts/init-top/lpd", MARKED, mode=0o755)
    image = m.make_initramfs()
    growth = size(image) - plain
    m.equal(f"that {growth} bytes more are 3 MB at most", growth <= 3 << 20, True)
    m.reboot(initramfs=image)
    result = m.json("cat /run/lpd/lp-version.json")
    m.equal("what the initramfs found", [result[key] for key in ("stage", "verdict", "way", "in")],
            ["initrd", "verified", "kernel-pkcs7", True])
    print(f"{m.series}: the image grows by {growth} bytes, lpd takes {took(m):.0f} ms in it")

    # Past lpctl install, which takes neither.
    place(m, "lp-uptime", m.patch("lp-uptime"))
    place(m, "lp-cumul-1", foreign)
    m.reboot(initramfs=m.make_initramfs())
    m.sees("cat /proc/version", "live patched by lp-version")
    m.sees_not("cat /proc/uptime /proc/cmdline", "live patched")
    said = m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat")
    m.contains("the initramfs", said, "lp-uptime.ko: it is not signed")
    m.contains("the initramfs", said, "lp-cumul-1.ko: no key of this machine made its signature")
    for name in ("lp-uptime", "lp-cumul-1"):
        m.equal(f"the state of {name}", m.state(name), "refused")
    m.equal("the state of lp-version", m.state("lp-version"), "active")


def place(m, name, module):
    m.write(f"/etc/lpd/patches.d/{name}.conf", "[Patch]\nStage=initrd\n")
    m.ok(f"cp {module} /var/lib/lpd/modules/{m.kernel}/{name}.ko")


def size(image):
    return image.with_suffix(".zst").stat().st_size


def took(m):
    marks = [m.journal(f"MESSAGE={mark}")[0] for mark in ("before", "after")]
    first, last = (int(mark["_SOURCE_MONOTONIC_TIMESTAMP"]) for mark in marks)
    return (last - first) / 1000
