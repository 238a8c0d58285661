# SPDX-License-Identifier: LGPL-2.1-or-later
"""Patches delay the boot for at most HoldSec= in total: required ones are loaded first, lpd.service
loads the rest in their order while the boot continues, and the status says which were late."""

PATCHES = [*(f"lp-many-{number:03}" for number in range(1, 5)), "lp-version"]   # names of two families
LATE = "loaded late, the boot had gone on (HoldSec=)"


def case(m):
    m.boot(smp=2)
    m.write("/etc/lpd/lpd.conf.d/50-hold.conf", "[Boot]\nHoldSec=1\n")
    m.ok("lpctl install --no-load " + " ".join(m.patch(name) for name in PATCHES))
    m.write(f"/etc/lpd/patches.d/{PATCHES[-1]}.conf", "[Patch]\nRequired=yes\n")
    m.write("/etc/systemd/system/needs.service",
            f"[Unit]\nRequires=livepatch@{PATCHES[-2]}.service\nAfter=livepatch@{PATCHES[-2]}.service\n"
            "[Service]\nExecStart=true\n[Install]\nWantedBy=multi-user.target\n")
    m.ok("systemctl enable needs.service")

    m.reboot(smp=2)   # with more than one CPU the kernel needs a second for a transition
    m.wait_until(f"test $(ls /sys/kernel/livepatch | wc -l) = {len(PATCHES)}", 60)
    m.wait_until("lpctl status --json=short | jq -e '[.patches[].state] | all(. == \"active\")'", 30)
    enabling = [e["MESSAGE"].split("'")[1].replace("_", "-")
                for e in m.journal("SYSLOG_IDENTIFIER=kernel", "--grep=enabling patch")]
    m.equal("the order", enabling, [PATCHES[-1], *PATCHES[:-1]])
    late = [p["name"] for p in m.json("lpctl status --json=short")["patches"] if p["lateReason"]]
    m.equal(f"that {late} were late", 1 <= len(late) <= 4 and PATCHES[-1] not in late, True)
    m.sees("lpctl status", "after the boot had gone on")
    m.contains("the journal", m.ok(f"journalctl -b -o cat -u livepatch@{late[-1]}"), LATE)
    last = m.journal("SYSLOG_IDENTIFIER=kernel", "--grep=enabling patch")[-1]
    m.before("sysinit.target", m.journal("UNIT=sysinit.target", "JOB_RESULT=done")[0], "the last patch", last)
    # It does not start without its patch, and no failed unit is left.
    m.sees("systemctl show -P ActiveState needs.service", "inactive")
    m.equal("what has failed", m.ok("systemctl list-units --failed --plain --no-legend 'livepatch@*'"), "")
    m.ok(f"test ! -e /run/lpd/hold-over && systemctl restart livepatch@{PATCHES[0]}")
