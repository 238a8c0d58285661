# SPDX-License-Identifier: LGPL-2.1-or-later
"""Self-test: each patch of the bench has the effect that its name says."""

BY = "this has been live patched by"


def insert(m, name):
    m.ok(f"insmod {m.patch(name)}")
    m.wait_until(f"grep -q 0 /sys/kernel/livepatch/{name.replace('-', '_')}/transition")


def case(m):
    m.boot(smp=2)
    m.sees("nproc", "2")
    insert(m, "lp-uptime")
    insert(m, "lp-version")
    m.sees("cat /proc/uptime", f"{BY} lp-uptime")
    m.sees("cat /proc/version", f"{BY} lp-version")

    for number in (1, 2, 100):
        insert(m, f"lp-many-{number:03}")
        m.sees("cat /proc/loadavg", f"{BY} lp-many-{number:03}")

    insert(m, "lp-cumul-1")
    m.sees("cat /proc/cmdline", f"{BY} lp-cumul-1")
    m.sees_not("cat /proc/loadavg", BY)
    m.equal("the list of patches", m.ok("ls /sys/kernel/livepatch").split(), ["lp_cumul_1"])
    insert(m, "lp-cumul-2")
    m.sees("cat /proc/cmdline", f"{BY} lp-cumul-2")
    m.sees("cat /proc/loadavg", f"{BY} lp-cumul-2")
    m.wait_until("test $(ls /sys/kernel/livepatch) = lp_cumul_2")

    m.fails(f"insmod {m.patch('lp-badinit')}", says="No such device")
    m.fails(f"insmod {m.patch('lp-truncated')}", says="nvalid module format")
    m.sees(f"modinfo -F vermagic {m.patch('lp-wrong-release')}", "5" + m.kernel[1:] + " ")
