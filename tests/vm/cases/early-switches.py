# SPDX-License-Identifier: LGPL-2.1-or-later
"""rd.lpd=0 and rd.lpd.skip= leave patches to the host, lpd=0 leaves them out altogether."""


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')} {m.patch('lp-many-001')}")
    image = m.make_initramfs()
    for cmdline, wanted in {
        "rd.lpd=0": {"lp-version": "system", "lp-many-001": "system"},
        "rd.lpd.skip=lp_version,x": {"lp-version": "system", "lp-many-001": "initrd"},
        "": {"lp-version": "initrd", "lp-many-001": "initrd"},
    }.items():
        m.reboot(initramfs=image, cmdline=cmdline)
        found = {name: m.json(f"cat /run/lpd/{name}.json")["stage"] for name in wanted}
        m.equal(f"where they were loaded with '{cmdline}'", found, wanted)
        for name in wanted:
            m.equal(f"the state of {name}", m.state(name), "active")
    m.reboot(initramfs=image, cmdline="lpd=0")
    m.equal("what is in", m.ok("ls /sys/kernel/livepatch"), "")
    m.equal("the state", m.state("lp-version"), "skipped")
    m.sees("systemctl is-system-running", "running")
