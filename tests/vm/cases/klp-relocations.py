# SPDX-License-Identifier: LGPL-2.1-or-later
"""A module with relocations for the kernel's livepatch core (.klp.rela.*), as kpatch-build makes them: verified,
loaded, also in the initramfs, and unloaded like any other."""

from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE

ORIGINAL = "root="


def case(m):
    m.boot()
    module = m.patch("lp-rela")
    m.contains("its own relocations", m.ok(f"grep -ao 'klp.rela.[a-z_]*' {module}"), "klp.rela.stall_target")
    m.ok(f"lpctl verify {module}")
    m.ok(f"lpctl install --wait=30 --stage=initrd {module}")
    works(m)

    m.reboot(initramfs=m.make_initramfs())
    m.equal("where it was loaded", m.json("cat /run/lpd/lp-rela.json")["stage"], "initrd")
    works(m)

    m.ok("lpctl unload lp-rela")
    m.fails("test -e /sys/module/lp_rela")
    m.sees("cat /proc/cmdline", ORIGINAL)
    m.ok("systemctl start livepatch@lp-rela")
    works(m)
    m.ok("lpctl remove lp-rela")
    m.sees("cat /proc/cmdline", ORIGINAL)
    m.sees("systemctl --failed --plain --no-legend | wc -l", "0")


def works(m):
    """The relocations of stall_target are resolved when that module comes."""
    m.sees("cat /proc/cmdline", "live patched by lp-rela")
    m.sees("cat /proc/cmdline", "Linux version")
    m.equal("the state", m.state("lp-rela"), "active")
    m.ok(f"test -e /sys/module/stall_target || insmod {m.patch('stall-target')}")
    m.sees("cat /proc/lpd-stall", "live patched by lp-rela")
    m.sees("cat /proc/lpd-stall", "called by stall_show")
