# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each reason to refuse the lock, with its exit status; a refused lock leaves nothing locked,
whether lpctl or the unit refuses it."""
from bench.scenes import is_locked

POLICY = "/etc/lpd/lpd.conf.d/50-lock.conf"
EVERYTHING = "[Trust]\nEnforceInKernel=yes\n[Lock]\nKexec=yes\n"
KEXEC_UNLOAD = """perl -e '$c = \"\"; exit(syscall(320, -1, -1, 1, $c, 1) ? $!+0 : 0)'"""   # kexec_file_load(2)


def case(m):
    m.boot()
    m.write(POLICY, EVERYTHING)
    m.ok(f"lpctl install --no-load {m.patch('lp-uptime')}")
    m.write("/etc/lpd/disable", "")
    refused(m, 1, "/etc/lpd/disable exists")
    m.ok("rm /etc/lpd/disable")

    m.write("/etc/lpd/patches.d/lp-uptime.conf.d/90.conf", "[Patch]\nRequired=yes\n")
    refused(m, 10, "required, but not loaded: lp-uptime")
    m.ok("rm /etc/lpd/patches.d/lp-uptime.conf.d/90.conf")
    m.write(POLICY, EVERYTHING + "Require=all\n")
    refused(m, 10, "not loaded: lp-uptime")
    m.write(POLICY, EVERYTHING + "Modulse=vfat\n")
    refused(m, 78, "the policy has an error")
    m.write(POLICY, EVERYTHING + "Modules=vfat nosuch net-pf-0815 dummy\n")
    refused(m, 1, "cannot load the module nosuch: this kernel has no such module; ")
    m.ok("test -d /sys/module/vfat && test -d /sys/module/dummy")
    m.sees("lpctl status", "Lock      refused, ")
    m.fails("setpriv --reuid=65534 lpctl lock", exit=4)
    m.ok(KEXEC_UNLOAD)

    # With --ignore-missing it locks everything that the policy asks for, in this order.
    m.sees("lpctl lock --ignore-missing", "Modules are locked until reboot.")
    m.equal("that it is locked", is_locked(m), True)
    m.sees("cat /sys/module/module/parameters/sig_enforce", "Y")
    m.sees("cat /proc/sys/kernel/kexec_load_disabled", "1")
    m.fails(KEXEC_UNLOAD, exit=1)   # EPERM
    m.equal("that kexec is locked", m.json("lpctl status --json=short")["lock"]["kexecLocked"], True)
    m.sees("systemctl is-active lpd-lock", "active")

    # The machine boots unlocked with lpd.lock=0, although the policy is wrong.
    m.write(POLICY, "[Lock]\nLock=settled\nModules=\n")
    for switch, says in (("lpd.lock=0", "lpd.lock=0"), ("lpd=0", "lpd=0")):
        m.reboot(cmdline=switch)
        m.equal("that it is locked", is_locked(m), False)
        m.fails("systemctl is-active lpd-lock", says="inactive")
        m.sees("dmesg", f"lpd-generator: modules are not locked: {says} is on the kernel command line")
        refused(m, 1, says)


def refused(m, exit, says):
    m.fails("lpctl lock", exit=exit, says=says)
    m.fails("systemctl start lpd-lock")
    m.sees("systemctl is-failed lpd-lock", "failed")
    m.sees("systemctl show -p ExecMainStatus lpd-lock", f"={exit}\n")
    lock = m.json("lpctl status --json=short")["lock"]
    m.equal("the state", (lock["locked"], lock["state"]), (False, "refused"))
    m.contains("the reason", lock["reason"], says)
    m.sees("cat /proc/sys/kernel/modules_disabled", "0")
    m.sees("cat /proc/sys/kernel/kexec_load_disabled", "0")
    m.sees("cat /sys/module/module/parameters/sig_enforce", "N")
