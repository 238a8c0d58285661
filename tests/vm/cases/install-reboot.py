# SPDX-License-Identifier: LGPL-2.1-or-later
"""A patch installed on a running machine is active, and after a reboot it is loaded before
sysinit.target."""

from bench.kinds import EVERYWHERE, PLAIN

MACHINES = EVERYWHERE + PLAIN


def case(m):
    m.boot()
    m.ok(f"lpctl install --wait=30 {m.patch('lp-cmdline')}")
    is_in(m)
    m.reboot()
    is_in(m)
    loaded = m.journal("MESSAGE_ID=345bac2e7efe4ad8aa22a6c31cbc75ca", "LPD_PATCH=lp-cmdline")
    reached = m.journal("UNIT=sysinit.target", "JOB_RESULT=done")
    m.equal("the number of loads", len(loaded), 1)
    m.equal("LPD_KERNEL=", loaded[0]["LPD_KERNEL"], m.kernel)
    # The kernel's own message says when the new code ran; the journal may read it later.
    kernel = m.journal("_TRANSPORT=kernel", "--grep=enabling patch 'lp_cmdline'")
    m.before("the patch", kernel[0], "sysinit.target", reached[0])
    # Everything that ran earlier belongs to the very start of the machine.
    m.sees("systemctl show -p Before --value livepatch.target", "sysinit.target")


def is_in(m):
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.equal("the state", m.state("lp-cmdline"), "active")
    m.sees("systemctl is-active livepatch@lp-cmdline", "active")
