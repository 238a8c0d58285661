# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the initramfs a patch on trial is loaded only after that was noted, here in a variable of the
firmware: an orderly end of the boot takes it back, and after two power cuts the boot goes on without
the patch. Where the firmware has no variables the host loads it. The variable stays of one size over $LPD_CUTS
boots, in each of which the firmware takes it."""

import os

from bench import early

BOOTS = int(os.environ.get("LPD_CUTS", "1"))


def case(m):
    m.boot(secure_boot=False)
    m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch('lp-version')}")
    image = m.make_initramfs(confirmed=False)
    m.reboot(initramfs=image)
    early.is_active(m)
    size, free = early.firmware(m)
    rooms = [free]
    for boot in range(BOOTS):
        m.reboot(initramfs=image)
        early.is_active(m)
        now, room = early.firmware(m)
        m.equal(f"boot {boot + 1}: the variable's size", now, size)
        rooms.append(room)
    print(f"{m.series}: the free bytes in {BOOTS} boots: {rooms}")
    m.reboot(initramfs=image, cmdline="efi=noruntime")
    m.equal("the stage without variables", m.json("cat /run/lpd/lp-version.json")["stage"], "system")
    m.contains("why", m.patch_status("lp-version")["earlyReason"], "cannot write its attempt (")   # which the kernel words
    m.reboot(initramfs=image)
    early.is_active(m)
    for _ in range(2):
        early.is_active(m)
        m.power_cut()
        m.boot(initramfs=image)
    m.sees_not("cat /proc/version", "live patched")
    m.equal("the state", m.state("lp-version"), "quarantined")
    m.contains("why", m.json("cat /run/lpd/lp-version.json")["earlyReason"],
               "2 boots in a row ended without an orderly shutdown")
    after = early.firmware(m)
    print(f"{m.series}: the variable had {size} bytes, and {free} bytes were free; then {after}")
