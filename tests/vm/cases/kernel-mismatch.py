# SPDX-License-Identifier: LGPL-2.1-or-later
"""A patch for another kernel is refused with that reason, even if the kernel itself would load
it."""


def case(m):
    m.boot()
    other = m.patch("lp-wrong-release")
    m.fails(f"lpctl install {other}", exit=6, says="--kernel=")
    m.fails(f"lpctl load {other}", exit=6, says=m.kernel)
    m.ok("test ! -e /sys/kernel/livepatch/lp_cmdline -a -z \"$(ls /etc/lpd/patches.d)\"")

    # Installed by other means, with a pin for this kernel: the boot refuses it.
    m.ok(f"install -D -m 644 {other} /usr/lib/lpd/modules/{m.kernel}/lp-wrong.ko")
    m.write("/etc/lpd/patches.d/lp-wrong.conf", "[Patch]\n")
    m.reboot()
    m.equal("the state", m.state("lp-wrong"), "failed")
    m.sees("lpctl status lp-wrong", m.kernel)
    m.ok("test -z \"$(ls /sys/kernel/livepatch)\"")
