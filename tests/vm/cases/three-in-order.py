# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three patches, the second of them broken: the others are loaded, in order, and the status gives
the reason."""


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')} {m.patch('lp-uptime')}")
    # Between the two in the order: a patch whose load fails.
    m.ok(f"lpctl install --no-load {m.patch('lp-badinit')}")
    m.write("/etc/lpd/patches.d/lp-badinit.conf.d/90-order.conf", "[Patch]\nAfter=lp-uptime\n")
    m.write("/etc/lpd/patches.d/lp-cmdline.conf.d/90-order.conf", "[Patch]\nAfter=lp-badinit\n")
    m.write("/etc/lpd/patches.d/lp-broken.conf", "[Patch]\nTiemout=3\n")
    m.reboot()
    m.sees("cat /proc/cmdline", "live patched")
    m.sees("cat /proc/uptime", "live patched")
    m.equal("lp-badinit", m.state("lp-badinit"), "failed")
    m.sees("lpctl status lp-badinit", "own code refused")
    m.equal("lp-broken", m.state("lp-broken"), "failed")
    m.sees("lpctl status lp-broken", "lp-broken.conf:2:")
    m.sees("lpctl status lp-broken", "TimeoutSec")
    m.fails("systemctl is-active livepatch@lp-badinit", says="failed")
    first, second = (m.journal("_TRANSPORT=kernel", f"--grep=enabling patch '{name}'")[0]
                     for name in ("lp_uptime", "lp_cmdline"))
    m.before("lp-uptime", first, "lp-cmdline", second)
    m.fails("lpctl lint", exit=78, says="did you mean 'TimeoutSec'")
