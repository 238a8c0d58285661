# SPDX-License-Identifier: LGPL-2.1-or-later
"""A root file system on an encrypted volume is opened by a patched kernel."""

from bench import early

PASSPHRASE = "not-a-secret"
KEY = "/etc/cryptsetup-initramfs/key"
# The drivers that initramfs-tools includes by itself on a machine whose root it can examine.
DRIVERS = "dm_crypt aesni_intel aes xts ecb cbc sha256\n"


def case(m):
    m.boot()
    early.install(m)
    m.write(KEY, PASSPHRASE, mode=0o600)
    m.write("/etc/cryptsetup-initramfs/conf-hook", f"KEYFILE_PATTERN={KEY}\n")
    m.write("/etc/crypttab", f"secret /dev/disk/by-id/virtio-root {KEY} luks,initramfs\n")
    m.write("/etc/initramfs-tools/modules", DRIVERS.replace(" ", "\n"))
    image = m.make_initramfs()
    m.shutdown()
    m.encrypt_root(PASSPHRASE)
    m.boot(initramfs=image, cmdline="root=/dev/mapper/secret")
    m.sees("findmnt --noheadings --output SOURCE /", "/dev/mapper/secret")
    m.sees("lsblk --noheadings --output TYPE /dev/mapper/secret", "crypt")
    early.loaded_before_root(m, root="dm-0")
    early.taken_over(m)
