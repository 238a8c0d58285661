# SPDX-License-Identifier: LGPL-2.1-or-later
"""A verb of lpctl that fails leaves everything as it was, including services that require the
patch; two at once do not interleave; a module belongs to one patch."""

SERVICE = """[Unit]
Requires=livepatch@lp-cmdline.service
After=livepatch@lp-cmdline.service
[Service]
ExecStart=/bin/sleep infinity
"""
UNIT = "livepatch@lp-cmdline"
DROPINS = "/etc/lpd/patches.d/lp-cmdline.conf.d"
# Everything but the times of directories, which change when files are restored.
LOOK = ("{ find /etc/lpd /var/lib/lpd /run/lpd -type f -printf '%p %m %s %T@\\n' -o -printf '%p %m\\n'; "
        "cat /sys/module/lp_cmdline/notes/.note.gnu.build-id | od -An -tx1; systemctl --failed --no-legend; "
        f"systemctl show -p ActiveState -p SubState {UNIT}; systemctl show -p MainPID needs; }} | sort")
OLD_ONLY = "#!/bin/sh\n! od -An -tx1 /sys/module/lp_cmdline/notes/.note.gnu.build-id | grep -q '42 42 42'\n"


def case(m):
    m.boot(smp=2)
    m.write("/etc/systemd/system/needs.service", SERVICE)
    m.ok(f"lpctl install --wait=20 {m.patch('lp-cmdline')}")
    m.ok("systemctl daemon-reload; systemctl start needs")
    not_now(m)
    other_build(m)
    removal(m)
    one_at_a_time(m)
    one_name(m)


def not_now(m):
    """A patch that the administrator has disabled is no failed install, and no service is stopped
    for it."""
    before = m.ok(LOOK)
    m.ok("touch /etc/lpd/disable")
    m.sees(f"lpctl install {m.patch('lp-cmdline')}", "not loaded now because /etc/lpd/disable exists")
    m.fails("lpctl load lp-cmdline", says="/etc/lpd/disable")
    m.sees(f"lpctl install {m.patch('lp-version')}", "not loaded now because /etc/lpd/disable exists")
    m.ok("rm /etc/lpd/disable; lpctl remove lp-version")
    m.ok(f"mkdir -p {DROPINS}; printf '[Patch]\\nRollout=0%%\\n' >{DROPINS}/90-rollout.conf")
    m.sees(f"lpctl install {m.patch('lp-cmdline')}", "not loaded now because Rollout=0.00%")
    m.ok(f"rm {DROPINS}/90-rollout.conf; systemctl daemon-reload; lpctl load lp-cmdline")
    m.equal("services", m.ok("systemctl is-active needs " + UNIT).split(), ["active"] * 2)
    m.equal("what is there", strip_record(m.ok(LOOK)), strip_record(before))


def strip_record(text):
    """Without the times of the records that a load writes again: its result, that it was the last, and what the
    ledger says of the build."""
    return [line.split()[0] if line.startswith("/var/lib/lpd/ledger/") else line
            for line in text.splitlines() if not line.startswith(("/run/lpd/lp-cmdline.json", "/run/lpd/last-load"))]


def other_build(m):
    m.ok(f"cp {m.patch('lp-cmdline')} /root/lp-cmdline.ko")
    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         "-i /root/lp-cmdline.ko")
    m.write("/root/probe", OLD_ONLY, mode=0o755)
    m.ok(f"printf '[Patch]\\nWaitFor=patched\\nProbe=/root/probe\\n' >{DROPINS}/90-probe.conf; systemctl daemon-reload")
    before = m.ok(LOOK)
    m.fails("lpctl install /root/lp-cmdline.ko", exit=1, says="probe")
    m.equal("what is there after an update that failed", strip_record(m.ok(LOOK)), strip_record(before))
    m.ok("lpctl load --wait=30 lp-cmdline")   # the restored build is in a transition of its own
    m.equal("its state", m.state("lp-cmdline"), "active")
    m.ok(f"rm {DROPINS}/90-probe.conf")
    pid = m.ok("systemctl show -p MainPID needs")
    m.ok("lpctl install --wait=30 /root/lp-cmdline.ko")
    m.sees("od -An -tx1 /sys/module/lp_cmdline/notes/.note.gnu.build-id", "42 42 42")
    m.equal("the service after an update", m.ok("systemctl show -p MainPID needs"), pid)


def removal(m):
    before = m.ok(LOOK)
    m.ok("mount --bind /etc/lpd/patches.d /etc/lpd/patches.d; mount -o remount,bind,ro /etc/lpd/patches.d")
    m.fails("lpctl remove lp-cmdline", exit=1, says="Read-only file system")
    m.equal("what is there after a removal that failed", strip_record(m.ok(LOOK)), strip_record(before))
    m.ok("lpctl load --wait=30 lp-cmdline")   # put back, too
    m.equal("its state", m.state("lp-cmdline"), "active")
    m.ok("umount /etc/lpd/patches.d")
    m.ok("lpctl unload lp-cmdline")
    m.equal("the service without its patch", m.run("systemctl is-active needs")[1].strip(), "inactive")
    m.ok("lpctl remove lp-cmdline")


def one_at_a_time(m):
    m.ok(f"lpctl install --wait=30 {m.patch('lp-uptime')} & lpctl install --wait=30 {m.patch('lp-version')}; wait $!")
    # the first one may not have waited for the second
    m.ok("lpctl load --wait=30 lp-uptime lp-version")
    m.equal("both", [m.state("lp-uptime"), m.state("lp-version")], ["active"] * 2)
    m.ok("lpctl unload lp-uptime lp-version; lpctl load --wait=30 lp-uptime lp-version")
    m.equal("both", [m.state("lp-uptime"), m.state("lp-version")], ["active"] * 2)
    m.background("umask 077; exec flock /run/lpd/changes.lock sleep 3")
    m.wait_until("test -e /run/lpd/changes.lock", 5)
    m.sees("lpctl unload lp-uptime 2>&1", "lpctl: waiting for another process to end")
    m.ok("systemctl reload lpd")
    # In the unit that lpctl waits for, it would wait for itself.
    m.write("/run/systemd/system/livepatch@lp-uptime.service.d/x.conf",
            "[Service]\nExecStartPre=-/usr/sbin/lpctl unload lp-version\n")
    m.ok("systemctl daemon-reload; lpctl unload lp-uptime; timeout 150 lpctl load lp-uptime")
    m.sees("journalctl -b -u livepatch@lp-uptime", "is changing patches, and may be waiting for this unit")
    m.ok("test ! -e /run/lpd/changes.lock")
    m.ok("lpctl remove lp-uptime lp-version")


def one_name(m):
    m.ok(f"lpctl install --wait=30 --name=fix-a {m.patch('lp-version')}")
    m.fails(f"lpctl install --name=fix-b {m.patch('lp-version')}", exit=1, says="is installed as fix-a already")
    m.ok(f"cp {m.patch('lp-version')} /var/lib/lpd/modules/{m.kernel}/fix-b.ko; "
         "printf '[Patch]\\n' >/etc/lpd/patches.d/fix-b.conf; systemctl daemon-reload")
    m.fails("systemctl start livepatch@fix-b")
    m.contains("the reason", m.patch_status("fix-b")["reason"], "as that of fix-a")
    m.equal("the other", m.state("fix-a"), "active")
    m.ok("lpctl remove fix-a && lpctl load --wait=30 fix-b")
    m.equal("the one", m.state("fix-b"), "active")
