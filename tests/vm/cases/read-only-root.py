# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sandbox works while / is read-only: patches are loaded, and the kernel's reasons are
reported."""


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load {m.patch('lp-cmdline')} {m.patch('lp-badinit')}")
    m.reboot(initramfs="debian", cmdline="ro")
    m.fails("touch /tmp/x", says="Read-only")
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.equal("lp-badinit", m.state("lp-badinit"), "failed")
    m.sees("lpctl status lp-badinit", "kernel: livepatch: enabling patch 'lp_badinit'")
