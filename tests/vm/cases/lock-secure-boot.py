# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lock works on a machine with Secure Boot too, and the status shows everything that is
locked."""


def case(m):
    m.boot(secure_boot=True)
    m.ok(f"lpctl install --wait {m.patch('lp-uptime', by='mok')}")
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf",
            "[Trust]\nEnforceInKernel=yes\n[Lock]\nModules=dummy\nKexec=yes\nRequire=all\n")
    m.sees("lpctl status", ", signatures enforced, Secure Boot, locked down: integrity\n")
    m.sees("lpctl lock", "Modules are locked until reboot.")
    m.ok("test -d /sys/module/dummy")
    m.fails(f"insmod {m.patch('dummy', by='builtin')}", says="Operation not permitted")
    m.fails("modprobe vfat", says="Operation not permitted")
    m.fails(f"lpctl load {m.patch('lp-version', by='mok')}", exit=7)
    kernel = m.json("lpctl status --json=short")["kernel"]
    m.equal("what is shut", [kernel[key] for key in ("modulesDisabled", "sigEnforce", "lockdown")],
            [True, True, "integrity"])
    m.sees("lpctl status", "Lock      modules are locked until reboot, and kexec, ")
    # All three are counted, also under lockdown.
    m.wait_until("lpctl status | grep -q '3 loads of modules refused since, the last one by insmod\\|modprobe'", 10)
