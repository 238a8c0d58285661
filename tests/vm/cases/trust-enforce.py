# SPDX-License-Identifier: LGPL-2.1-or-later
"""EnforceInKernel=yes makes the kernel itself refuse unsigned modules from the first load on. A
patch that another program has loaded unsigned does not count as the signed one, and is left
alone."""

ENFORCED = "cat /sys/module/module/parameters/sig_enforce"


def case(m):
    m.boot(secure_boot=False)   # the firmware's db counts; signatures are not enforced
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    m.ok(f"insmod {m.patch('lp-uptime')}")
    m.ok(f"lpctl install --no-load {m.patch('lp-uptime', by='db')}")
    m.fails("lpctl load lp-uptime", exit=5, says="loaded it as unsigned")
    m.sees("cat /proc/uptime", "live patched by lp-uptime")
    m.ok("lpctl remove lp-uptime")
    m.sees(ENFORCED, "N")

    m.write("/etc/lpd/lpd.conf.d/50-trust.conf", "[Trust]\nEnforceInKernel=yes\n")
    m.ok(f"lpctl install --no-load {m.patch('lp-cmdline', by='db')}")
    m.reboot()
    m.sees(ENFORCED, "Y")
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.equal("the state", m.state("lp-cmdline"), "active")
    m.fails(f"insmod {m.patch('lp-version')}", says="Key was rejected")
    m.sees_not("cat /proc/version", "live patched")

    # lpd's policy is permissive, but the kernel is not any more.
    m.write("/etc/lpd/lpd.conf.d/60-trust.conf", "[Trust]\nSignature=permissive\n")
    m.fails(f"lpctl install {m.patch('lp-version')}", exit=5, says="EnforceInKernel=")
