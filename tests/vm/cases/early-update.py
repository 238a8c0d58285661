# SPDX-License-Identifier: LGPL-2.1-or-later
"""A new kernel gets an initramfs with the patches for it, and boots with them loaded."""

import base64

from bench import early, ledger

MACHINES = ("12/6.1",)   # it has two kernels

# Other hooks, which do not matter for lpd and take most of the time under emulation.
OTHERS = "crypt* dmsetup fsck keymap resume thermal zz-busybox"


def case(m):
    m.boot()
    m.ok(f"cd /usr/share/initramfs-tools/hooks && rm -f {OTHERS}")
    m.write("/etc/initramfs-tools/update-initramfs.conf", "update_initramfs=yes\n")
    m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch('lp-version')}")
    m.ok(f"lpctl install --no-load {m.patch('lp-many-001')}")
    old, (new,) = m.kernel, (k for k in m.ok("ls /usr/lib/modules").split() if k != m.kernel)
    m.ok(f"lpctl install --no-rebuild --kernel={new} /patches/{new}/lp-version.ko "
         f"/patches/{new}/lp-many-001.ko")

    ledger.confirm_all(m, new)

    # As the package of a new kernel does it.
    m.ok(f"rm /boot/initrd.img-{new}")
    m.ok(f"DEB_MAINT_PARAMS=configure run-parts --exit-on-error --arg={new} "
         f"--arg=/boot/vmlinuz-{new} /etc/kernel/postinst.d", timeout=300)
    image = m.directory / "updated"
    image.write_bytes(base64.b64decode(m.ok(f"base64 /boot/initrd.img-{new}", timeout=120)))

    m.reboot(series="6.12" if m.series == "6.1" else "6.1", initramfs=image)
    m.equal("the kernel", m.kernel, new)
    early.loaded_before_root(m)
    early.taken_over(m)
    m.contains("the module", m.json("cat /run/lpd/lp-version.json")["modulePath"], new)
    m.sees_not("lpctl status", "Warning")
    m.ok(f"ls /var/lib/lpd/modules/{old}/lp-version.ko")
