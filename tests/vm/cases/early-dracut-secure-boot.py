# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd-initrd.service checks signatures completely under Secure Boot; a refused patch does not delay
the boot."""

from bench import early

TIMES = ("InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    # In 6.1 its digest is a module, which the image must contain so that the kernel can check the
    # signature.
    signed = m.signer.sign(m.patch_bytes("lp-version"), "mok", hash="sha512")
    m.write_all("/root", {"lp-version.ko": signed})
    m.ok("lpctl install --no-load --stage=initrd /root/lp-version.ko")
    early.install_refused(m)
    m.reboot(initramfs=m.make_initramfs("dracut"))
    early.checked(m)
    early.left_out(m)
    first, last = (int(m.ok(f"systemctl show --value -p {time} lpd-initrd")) for time in TIMES)
    print(f"{m.series}: lpd-initrd.service takes {(last - first) / 1000:.0f} ms for three patches")
    said = m.ok("journalctl -b -o cat LPD_RESULT=refused LPD_STAGE=initrd")
    m.contains("the initramfs", said, "lp-cumul-1.ko: no key of this machine made its signature")
