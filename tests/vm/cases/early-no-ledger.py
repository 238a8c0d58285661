# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the initramfs cannot write down that it loads a patch on trial, the host loads it and says why;
once it is confirmed for the initramfs, a new image loads it there."""


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch('lp-version')}")
    m.reboot(initramfs=m.make_initramfs(confirmed=False))
    is_in(m, "system")
    reason = "on trial: loaded on the host, as the initramfs cannot write its attempt (no EFI variables)"
    m.equal("why", m.patch_status("lp-version")["earlyReason"], reason)
    m.sees("lpctl why lp-version", reason)
    m.ok("lpctl bless --no-rebuild --stage=initrd lp-version")
    m.reboot(initramfs=m.make_initramfs(confirmed=False))
    is_in(m, "initrd")
    m.equal("why", m.patch_status("lp-version")["earlyReason"], None)


def is_in(m, stage):
    m.equal("the state", m.state("lp-version"), "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], stage)
