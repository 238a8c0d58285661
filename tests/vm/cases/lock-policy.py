# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lock of Lock= happens last in the boot and does not delay it; an incomplete boot is not
locked."""
from bench.scenes import is_locked
from bench.kinds import EVERYWHERE

MACHINES = (*EVERYWHERE, "12/plain")

POLICY = "/etc/lpd/lpd.conf.d/50-lock.conf"


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.write(POLICY, "[Lock]\nLock=settled\nModules=dummy\n")
    m.write("/etc/modprobe.d/zz-dummy.conf", "options dummy numdummies=3\nblacklist dummy\n")
    m.reboot()
    m.wait_until("systemctl is-active lpd-lock | grep -qx active", 30)
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled", 30)
    m.equal("that it is locked", is_locked(m), True)
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.ok("test -d /sys/class/net/dummy2")
    m.equal("by whom", m.json("lpctl status --json=short")["lock"]["by"]["unit"], "lpd-lock.service")
    loaded = m.journal("MESSAGE_ID=345bac2e7efe4ad8aa22a6c31cbc75ca")[0]
    locked = m.journal("MESSAGE_ID=f61a5b06b9464684bd3ec6dd364312c6")[0]
    m.before("the load", loaded, "the lock", locked)

    # The boot ends before the delay does, and does not wait for it.
    m.write(POLICY, "[Lock]\nLock=boot-complete\nDelaySec=10\n")
    m.reboot()
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled", 30)
    m.equal("that it is locked", is_locked(m), True)
    locked = m.journal("MESSAGE_ID=f61a5b06b9464684bd3ec6dd364312c6")[0]
    delay = time_of(locked) - microseconds(m, "boot-complete.target ActiveEnterTimestampMonotonic")
    m.equal("that it came after the delay", 10e6 <= delay < 60e6, True)
    m.equal("that the boot had ended", microseconds(m, "FinishTimestampMonotonic") < time_of(locked), True)

    # A required patch is missing: the boot is incomplete, nothing is locked, and a failed unit says
    # so.
    m.ok("rm /var/lib/lpd/modules/*/lp-cmdline.ko")
    m.write("/etc/lpd/patches.d/lp-cmdline.conf.d/90.conf", "[Patch]\nRequired=yes\n")
    m.reboot()
    m.equal("that it is locked", is_locked(m), False)
    m.sees("systemctl is-failed lpd-lock", "failed")
    m.sees("lpctl status", "boot-complete.target was not reached")
    m.fails("systemctl start lpd-lock")
    m.sees("lpctl status", "boot-complete.target was not reached")
    m.write(POLICY, "[Lock]\nLock=settled\n")
    m.reboot()
    m.equal("that it is locked", is_locked(m), False)
    m.sees("systemctl is-failed lpd-lock", "failed")
    m.sees("lpctl status", "required, but not loaded: lp-cmdline")
    kept_out(m)


def kept_out(m):
    """The unit that loads Modules= did not run, but systemd reports success."""
    dropin = "/run/systemd/system/lpd-lock-modules.service.d/x.conf"
    m.write(POLICY, "[Lock]\nLock=settled\nRequire=none\nModules=dummy\n")
    m.write(dropin, "[Unit]\nConditionPathExists=/nonexistent\n")
    m.ok("systemctl daemon-reload")
    m.fails("systemctl restart lpd-lock")
    m.sees("lpctl status", "lpd-lock-modules.service")
    m.equal("that it is locked", is_locked(m), False)
    m.ok(f"rm {dropin}; systemctl daemon-reload; systemctl restart lpd-lock")
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled", 30)
    m.ok("test -d /sys/class/net/dummy2")


def time_of(entry):
    return int(entry["__MONOTONIC_TIMESTAMP"])


def microseconds(m, what):
    """A timestamp of systemd, of a unit or of itself: "UNIT PROPERTY", "PROPERTY"."""
    *unit, name = what.split()
    return int(m.ok(f"systemctl show --value -p {name} {' '.join(unit)}"))
