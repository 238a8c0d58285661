# SPDX-License-Identifier: LGPL-2.1-or-later
"""dracut without systemd in the image checks signatures completely under Secure Boot; a refused
patch does not delay the boot."""

from bench import early


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    m.ok("lpctl install --name=lp-version --no-load --stage=initrd " + m.patch("lp-version", by="mok"))
    early.install_refused(m)
    m.reboot(initramfs=m.make_initramfs("dracut", systemd=False))
    early.checked(m)
    early.left_out(m)
    said = m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat")
    m.contains("the initramfs", said, "lp-version: loaded")
    m.contains("the initramfs", said, "lp-cumul-1.ko: no key of this machine made its signature")
