# SPDX-License-Identifier: LGPL-2.1-or-later
"""In a chroot and without systemd, install only installs files; load works on the kernel
directly."""

ROOT = "/mnt"


def case(m):
    m.boot()
    m.ok(f"mount -t tmpfs -o mode=755 none {ROOT}")
    m.ok(f"cd {ROOT} && mkdir usr etc var proc run sys dev patches && ln -s usr/bin usr/sbin usr/lib usr/lib64 .")
    m.ok(f"cp -r /etc/lpd /etc/ld.so.cache {ROOT}/etc/")
    for directory in ("usr", "proc", "run", "sys", "dev", "patches"):
        m.ok(f"mount --bind /{directory} {ROOT}/{directory}")
    m.sees(f"chroot {ROOT} lpctl install {m.patch('lp-cmdline')}", "next boot")
    m.ok(f"test -e {ROOT}/var/lib/lpd/modules/{m.kernel}/lp-cmdline.ko")
    m.ok("test ! -e /sys/module/lp_cmdline -a ! -e /etc/lpd/patches.d/lp-cmdline.conf")
    m.ok(f"chroot {ROOT} lpctl remove lp-cmdline")
    m.ok(f"umount -R {ROOT}")

    bare = "unshare -m sh -ec 'mount -t tmpfs none /run/systemd; {}'"
    m.sees(bare.format(f"lpctl install {m.patch('lp-cmdline')}"), "systemd does not run")
    m.ok("test ! -e /sys/module/lp_cmdline")
    m.ok(bare.format("lpctl load lp-cmdline; lpctl status; lpctl unload lp-cmdline; lpctl load lp-cmdline"))
    m.sees("cat /proc/cmdline", "live patched")
    m.sees(bare.format("lpctl apply"), "it is loaded already")
