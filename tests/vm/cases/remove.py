# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl remove unloads a patch and deletes its files."""

FILES = "find /etc/lpd /var/lib/lpd /run/lpd -type f 2>/dev/null | sort"


def case(m):
    m.boot()
    before = m.ok(FILES)
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.ok("lpctl remove lp_cmdline")
    m.sees_not("cat /proc/cmdline", "live patched")
    m.equal("the files", m.ok(FILES), before)
    m.ok("test ! -e /sys/module/lp_cmdline")
    m.fails("systemctl is-active livepatch@lp-cmdline", says="inactive")
    m.sees("lpctl remove lp-cmdline", "nothing to do")
    m.fails("lpctl status lp-cmdline", exit=3)
    m.reboot()
    m.sees_not("cat /proc/cmdline", "live patched")
    m.fails("lpctl status lp-cmdline", exit=3)
