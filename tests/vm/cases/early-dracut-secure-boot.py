# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd-initrd.service checks signatures in full under Secure Boot; what it refuses holds no boot up."""

from bench import early

TIMES = ("InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    m.ok("lpctl install --name=lp-version --no-load --stage=initrd " + m.patch("lp-version", by="mok"))
    early.install_refused(m)
    m.reboot(initramfs=m.make_initramfs("dracut"))
    early.checked(m)
    early.left_out(m)
    first, last = (int(m.ok(f"systemctl show --value -p {time} lpd-initrd")) for time in TIMES)
    print(f"{m.series}: lpd-initrd.service takes {(last - first) / 1000:.0f} ms for three patches")
    said = m.ok("journalctl -b -o cat LPD_RESULT=refused LPD_STAGE=initrd")
    m.contains("the initramfs", said, "lp-cumul-1.ko: no key of this machine made its signature")
