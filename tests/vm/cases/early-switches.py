# SPDX-License-Identifier: LGPL-2.1-or-later
"""rd.lpd=0 and rd.lpd.skip= leave patches to the host, lpd=0 prevents loading them at all."""

from bench import early


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')} {m.patch('lp-many-001')}")
    image = m.make_initramfs()
    early.left_to_host(m, image, {
        "rd.lpd=0": {"lp-version": "system", "lp-many-001": "system"},
        "rd.lpd.skip=lp_version,x": {"lp-version": "system", "lp-many-001": "initrd"},
        "": {"lp-version": "initrd", "lp-many-001": "initrd"},
    })
    m.reboot(initramfs=image, cmdline="lpd=0")
    m.equal("what is in", m.ok("ls /sys/kernel/livepatch"), "")
    m.equal("the state", m.state("lp-version"), "skipped")
    m.sees("systemctl is-system-running", "running")
