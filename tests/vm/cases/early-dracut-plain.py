# SPDX-License-Identifier: LGPL-2.1-or-later
"""dracut without systemd in the image: patched before the root device is opened, by a hook."""

from bench import early


def case(m):
    m.boot()
    early.install(m)
    image = m.make_initramfs("dracut", systemd=False)
    m.reboot(initramfs=image)
    early.loaded_before_root(m)
    early.taken_over(m)
    early.patches_later_module(m)
    early.left_to_host(m, image, {"rd.lpd=0": {"lp-version": "system", "lp-stall": "system"}})
