# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sandbox works while / is read-only: confirmed patches are loaded, and the kernel's reasons are
reported. One on trial is not loaded by the boot, because nothing could be written of it, but by hand."""
from bench import ledger

UNWRITABLE = "its attempt cannot be written to /var/lib/lpd/ledger: Read-only file system"


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load {m.patch('lp-cmdline')} {m.patch('lp-badinit')} {m.patch('lp-uptime')}")
    for name in ("lp-cmdline", "lp-badinit"):
        ledger.confirm(m, name)
    m.reboot(initramfs="debian", cmdline="ro")
    m.fails("touch /tmp/x", says="Read-only")
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.equal("lp-badinit", m.state("lp-badinit"), "failed")
    m.sees("lpctl status lp-badinit", "kernel: livepatch: enabling patch 'lp_badinit'")
    patch = m.patch_status("lp-uptime")
    m.equal("lp-uptime", patch["state"], "failed")
    m.contains("its reason", patch["reason"], UNWRITABLE)
    m.run("systemctl is-system-running --wait")
    m.ok("lpctl load --wait lp-uptime")
    patch = m.patch_status("lp-uptime")
    m.equal("lp-uptime", (patch["state"], patch["reason"]),
            ("active", "on trial, and its attempt is not in the ledger: Read-only file system"))
