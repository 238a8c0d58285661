# SPDX-License-Identifier: LGPL-2.1-or-later
"""A patch with Stage=initrd is loaded before the root device is opened; the host takes it over
unchanged."""

from bench import early
from bench.kinds import EVERYWHERE

MACHINES = (*EVERYWHERE, "testing/plain")


def case(m):
    m.boot()
    early.install(m)
    m.reboot(initramfs=m.make_initramfs())
    early.loaded_before_root(m)
    early.taken_over(m)
    early.patches_later_module(m)

    # A patch that is loaded again was not loaded in the initramfs.
    m.ok("systemctl restart livepatch@lp-version")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "system")
