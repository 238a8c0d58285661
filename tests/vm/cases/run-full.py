# SPDX-License-Identifier: LGPL-2.1-or-later
"""No room in /run: a load that cannot be recorded does not happen, in the initramfs and on the
host. The boot continues, modules stay unlocked, and the status reports it; with room again
everything works."""
from bench.scenes import is_locked

FILL = "dd if=/dev/zero of=/run/fill bs=1M 2>/dev/null; dd if=/dev/zero of=/run/fill-2 bs=4k 2>/dev/null; :"
EARLY = f"""#!/bin/sh
[ "$1" = prereqs ] && exit 0
{FILL}
/usr/lib/lpd/lpd initrd
rm /run/fill /run/fill-2
"""
# The journal's flush gives room in /run back, and so does whatever else replaces a file there.
DROPIN = f"""[Unit]
Before=systemd-journal-flush.service

[Service]
ExecStartPre=+/bin/sh -c "{FILL}; for i in 1 2 3 4 5 6; do dd if=/dev/zero bs=4k >>/run/fill-2 2>/dev/null; sleep 0.2; done; :"
ExecStopPost=+/bin/rm -f /run/fill /run/fill-2
"""
NO_ROOM = "No space left on device"


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch('lp-version')}")
    m.ok(f"lpctl install --no-load {m.patch('lp-uptime')}")
    m.write("/etc/lpd/patches.d/lp-uptime.conf.d/50-required.conf", "[Patch]\nRequired=yes\n")
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf", "[Lock]\nLock=settled\n")
    m.write("/etc/initramfs-tools/scripts/init-top/lpd", EARLY, mode=0o755)
    m.write("/etc/systemd/system/livepatch@lp-uptime.service.d/50-full.conf", DROPIN)
    m.reboot(initramfs=m.make_initramfs())
    m.contains("the initramfs", m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat"), NO_ROOM)
    m.equal("the stage of lp-version", m.json("cat /run/lpd/lp-version.json")["stage"], "system")
    m.equal("lp-version", m.state("lp-version"), "active")

    # What lpd said of it is lost: the journal was in /run as well. Later it is not.
    m.fails("systemctl is-active livepatch@lp-uptime", says="failed")
    m.sees("systemctl show -p ExecMainStatus livepatch@lp-uptime", "ExecMainStatus=1\n")
    m.fails("systemctl restart livepatch@lp-uptime")
    m.sees("journalctl -b -o cat -u livepatch@lp-uptime", NO_ROOM)
    m.equal("the patches", m.ok("ls /sys/kernel/livepatch").split(), ["lp_version"])
    m.equal("that lp-uptime is not active", m.state("lp-uptime") != "active", True)
    m.fails("lpctl status --check", exit=10, says="lp-uptime")
    m.equal("that it is locked", is_locked(m), False)

    m.ok("rm /etc/systemd/system/livepatch@lp-uptime.service.d/50-full.conf; systemctl daemon-reload")
    m.ok("lpctl load --wait lp-uptime; lpctl status --check; systemctl restart lpd-lock")
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled", 30)
