# SPDX-License-Identifier: LGPL-2.1-or-later
"""Seal=yes: after the lock a script gets EROFS, while lpd and its units can still unload
patches."""
from bench.scenes import is_locked

POLICY = "/etc/lpd/lpd.conf.d/50-lock.conf"
SWITCH = "/sys/kernel/livepatch/{}/enabled"
SEAL = "lpd-seal.service"


def case(m):
    m.boot()
    for name in ("lp-cmdline", "lp-uptime", "lp-version"):
        m.ok(f"lpctl install {m.patch(name)}")
    m.write(POLICY, "[Lock]\nLock=settled\nSeal=yes\n")
    m.equal("that it is sealed", sealed(m), False)
    m.reboot()
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled", 30)
    m.wait_until(f"systemctl is-active {SEAL} | grep -qx active", 30)
    m.equal("that it is locked", is_locked(m), True)
    m.equal("that it is sealed", sealed(m), True)
    m.sees("lpctl status", "modules are locked until reboot, the patches sealed in this network namespace")
    m.sees("systemctl is-active lpd-lock", "active")

    # A script of root's, and services with mount namespaces of their own, started before and after
    # the seal.
    switch_off = f"echo 0 >{SWITCH.format('lp_uptime')}"
    for where in ("", "systemd-run -q --pipe --wait -p PrivateMounts=yes ",
                  "nsenter -m -t $(systemctl show --value -p MainPID lpd) "):
        m.fails(f"{where}sh -c '{switch_off}'", says="Read-only file system")
    m.sees("cat /proc/uptime", "live patched")

    # By lpd.service, which was started before the seal, by hand, and by a unit.
    m.write("/etc/lpd/patches.d/lp-cmdline.conf.d/90.conf", "[Patch]\nEnabled=no\n")
    m.ok("systemctl reload lpd")
    m.sees_not("cat /proc/cmdline", "live patched")
    m.ok("lpctl unload lp-uptime")
    m.sees_not("cat /proc/uptime", "live patched")
    m.equal("lp-uptime", m.state("lp-uptime"), "disabled")
    m.ok("systemctl stop livepatch@lp-version")
    m.sees_not("cat /proc/version", "live patched")

    by_hand(m)
    not_to_be_had(m)


def by_hand(m):
    """The policy is changed after the lock, and the seal is added. Root can remove the seal."""
    m.ok(f"rm /etc/lpd/patches.d/lp-cmdline.conf.d/90.conf {POLICY}")
    m.reboot()
    m.ok("lpctl lock --wait=40")   # patches may still wait for each other's transitions
    m.equal("that it is sealed", sealed(m), False)
    m.write(POLICY, "[Lock]\nSeal=yes\n")
    m.sees("lpctl lock --json=short", '"changed":true')
    m.equal("that it is sealed", sealed(m), True)
    m.sees("lpctl lock --json=short", '"changed":false')
    m.ok(f"systemctl stop {SEAL}")
    m.equal("that it is sealed", sealed(m), False)
    m.ok(f"echo 0 >{SWITCH.format('lp_uptime')}")


def not_to_be_had(m):
    """If the seal fails, the exit status and the message say so; the lock stays."""
    m.ok(f"systemctl mask {SEAL}")
    m.reboot()
    m.fails("lpctl lock --wait=40", exit=1, says="modules are locked, but the patches could not be sealed: ")
    m.equal("that it is locked", is_locked(m), True)
    m.sees("lpctl status", "modules are locked until reboot, ")
    m.sees("lpctl status", ": modules are locked, but the patches could not be sealed: ")
    m.fails("systemctl start lpd-lock")
    m.sees("journalctl -b -o cat MESSAGE_ID=554db88aef5a4dda85a3d796c4508dd6", "but the patches could not be sealed")


def sealed(m):
    return m.json("lpctl status --json=short")["lock"]["sealed"]
