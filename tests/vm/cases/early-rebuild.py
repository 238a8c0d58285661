# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installing a patch with Stage=initrd rebuilds the initramfs of its kernel and no other; what was
installed for a kernel is removed with it."""

MACHINES = ("12/6.1",)   # it has two kernels

# Other hooks, which do not matter for lpd and take most of the time under emulation.
OTHERS = "crypt* dmsetup fsck keymap resume thermal zz-busybox"


def case(m):
    m.boot()
    m.ok(f"cd /usr/share/initramfs-tools/hooks && rm -f {OTHERS}")
    m.write("/etc/initramfs-tools/update-initramfs.conf", "update_initramfs=yes\n")
    made, other = stamps(m)
    command = f"update-initramfs -u -k {m.kernel}"
    m.sees(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch('lp-version')}",
           f"initramfs for {m.kernel}: rebuild it: {command}")
    m.equal("the images", stamps(m), (made, other))
    m.sees("lpctl status", f"the initramfs for {m.kernel} lacks lp-version; run {command}\n")

    m.sees(f"lpctl install --no-load --stage=initrd {m.patch('lp-uptime')}",
           f"initramfs for {m.kernel}: rebuilt", timeout=300)
    again, untouched = stamps(m)
    m.equal("that it was made again, and the other was not", (again > made, untouched), (True, other))
    m.sees("lpctl status", "it has been rebuilt since: reboot\n")

    removal(m)


def removal(m):
    """Removes it like Debian's kernel packages and kernel-install."""
    other = next(k for k in m.ok("ls /usr/lib/modules").split() if k != m.kernel)
    theirs = f"/patches/{other}/lp-version.ko"
    for remove in (f"DEB_MAINT_PARAMS=remove run-parts --exit-on-error --arg={other} "
                   f"--arg=/boot/vmlinuz-{other} /etc/kernel/postrm.d",
                   f"/usr/lib/kernel/install.d/95-lpd.install remove {other} /nonexistent"):
        m.ok(f"lpctl install --no-rebuild --kernel={other} {theirs}")
        m.ok(f"ls /var/lib/lpd/modules/{other}/lp-version.ko")
        m.ok(f"lpctl lint --kernel={other} | grep -v lp-version")
        m.ok(f"mv /boot/vmlinuz-{other} /root && {remove}")
        m.ok(f"mv /root/vmlinuz-{other} /boot")
        m.fails(f"ls /var/lib/lpd/modules/{other}")
        m.fails(f"ls /etc/lpd/patches.d/lp-version.conf.d | grep {other}")
    m.sees(f"/etc/kernel/postinst.d/lpd {other}", f"lp-version: there is no module for {other}")
    # The running kernel, and one that still exists, keep everything.
    m.ok(f"mv /boot/vmlinuz-{m.kernel} /root && /etc/kernel/postrm.d/lpd {m.kernel}")
    m.ok(f"lpctl install --no-rebuild --kernel={other} {theirs} && /etc/kernel/postrm.d/lpd {other}")
    m.ok(f"ls /var/lib/lpd/modules/{m.kernel}/lp-version.ko /var/lib/lpd/modules/{other}/lp-version.ko")


def stamps(m):
    times = dict(line.split() for line in m.ok("stat -c '%n %.9Y' /boot/initrd.img-*").splitlines())
    made = times.pop(f"/boot/initrd.img-{m.kernel}")
    (other,) = times.values()
    return made, other
