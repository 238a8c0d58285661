# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the initramfs a patch on trial is loaded only after that was noted, here in a variable of the
firmware: an orderly end of the boot takes it back, and after two power cuts the boot goes on with the
last confirmed build, which the image has as well. Where the firmware has no variables the host loads it. The variable stays of one size over $LPD_CUTS
boots, in each of which the firmware takes it."""

import os

from bench import early, ledger

BOOTS = int(os.environ.get("LPD_CUTS", "1"))


def case(m):
    m.boot(secure_boot=False)
    old = two_builds(m)
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
    falls_back(m, old)
    after = early.firmware(m)
    print(f"{m.series}: the variable had {size} bytes, and {free} bytes were free; then {after}")


def two_builds(m):
    """The confirmed one, whose build id this returns, and another one on trial."""
    m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch('lp-version')}")
    ledger.confirm(m, "lp-version", stage="initrd")
    m.ok(f"cp {m.patch('lp-version')} /root/lp-version.ko")
    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         "-i /root/lp-version.ko")
    old = m.patch_status("lp-version")["module"]["buildId"]
    m.ok("lpctl install --no-load --no-rebuild --stage=initrd /root/lp-version.ko")
    return old


def falls_back(m, old):
    early.is_active(m)
    patch = m.patch_status("lp-version")
    m.equal("the build and why", (m.json("cat /run/lpd/lp-version.json")["buildId"], patch["reasonCode"]),
            (old, "fallback"))
    m.contains("why", patch["reason"], "2 boots in a row ended without an orderly shutdown")
