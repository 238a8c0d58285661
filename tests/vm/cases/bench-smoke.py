# SPDX-License-Identifier: LGPL-2.1-or-later
"""Self-test: a patch loaded by hand works, and a reboot alone does not bring it back."""


def case(m):
    m.boot()
    m.sees("uname -r", m.kernel)
    m.sees_not("cat /proc/cmdline", "live patched")
    m.ok(f"insmod {m.patch('lp-cmdline')}")
    m.sees("cat /proc/cmdline", "this has been live patched by lp-cmdline")
    m.write("/root/mark", "written before the reboot\n")
    m.reboot()
    m.sees("cat /root/mark", "before the reboot")
    m.sees_not("cat /proc/cmdline", "live patched")
