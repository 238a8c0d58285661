# SPDX-License-Identifier: LGPL-2.1-or-later
"""dracut with systemd in the image: patched before the root device is opened, by lpd-initrd.service."""

from bench import early

# An image does not know the machine, so the host decides: the position of this one is 10.10 %.
ROLLOUT = "[Patch]\nRollout=10.10%\n"


def case(m):
    m.boot()
    plain = m.make_initramfs("dracut")
    early.install(m)
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-many-003')}")
    m.write("/etc/lpd/patches.d/lp-many-003.conf.d/10-rollout.conf", ROLLOUT)
    image = m.make_initramfs("dracut")
    early.grows_little(m, plain, image)
    m.reboot(initramfs=image)
    early.loaded_before_root(m, through="journal")
    early.taken_over(m)
    early.patches_later_module(m)

    m.equal("the stage of lp-many-003", m.json("cat /run/lpd/lp-many-003.json")["stage"], "system")

    # The unit is still active and was not started again by the host; it has the fields of the
    # initramfs.
    m.sees("systemctl is-active lpd-initrd", "active")
    said = m.journal("LPD_RESULT=loaded", "LPD_PATCH=lp-version")
    m.equal("the stages of the loads", [entry["LPD_STAGE"] for entry in said], ["initrd"])

    early.left_to_host(m, image, {
        "rd.lpd.skip=lp_version": {"lp-version": "system", "lp-stall": "initrd"}})
