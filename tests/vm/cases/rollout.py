# SPDX-License-Identifier: LGPL-2.1-or-later
"""A wave of Rollout= that begins while the machine runs: the patch is loaded without a reboot, also when the
clock is set past the date; one that is set back takes nothing out."""

# systemd 262 computes positions itself.
MACHINES = ("12/6.1", "testing")

MANIFEST = "/etc/lpd/patches.d/lp-cmdline.conf"


def date(m, offset):
    return m.ok(f"date -u -d '{offset}' '+%F %H:%M'").strip()


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load {m.patch('lp-cmdline')} {m.patch('lp-version')}")
    m.ok("mkdir -p /etc/lpd/patches.d/lp-version.conf.d; printf '[Patch]\\nRolloutTags=canary\\n' "
         ">/etc/lpd/patches.d/lp-version.conf.d/tags.conf")
    m.ok(f"mkdir -p {MANIFEST}.d; printf '[Patch]\\nRollout=100%% {date(m, '+2 hours')}\\n' >{MANIFEST}.d/waves.conf")
    m.ok("lpctl apply")
    m.wait_until("systemctl is-active lpd")
    m.equal("before its date", m.state("lp-cmdline"), "skipped")
    m.sees("lpctl why lp-cmdline", "it joins on 20")
    m.sees("lpctl why lp-version", "this machine has no tags")
    m.ok("lpctl rollout lp-cmdline --json=short | jq -e '.machines[0].included == false'")

    m.ok("date -s '+2 hours 1 minute'")
    m.wait_until("lpctl status lp-cmdline --json=short | jq -e '.patches[0].state == \"active\"'", 90)
    m.ok("systemctl is-active livepatch@lp-cmdline")
    m.ok("date -s '-3 hours'; systemctl reload lpd")
    m.equal("the clock is set back", m.state("lp-cmdline"), "active")
    m.ok("echo TAGS=web:canary >/etc/machine-info; systemctl reload lpd")
    m.equal("with the tag", m.state("lp-version"), "active")
    halts(m)
    if m.run("systemd-analyze condition 'ConditionFraction=x 100%'")[0] == 0:
        as_systemd(m)


def halts(m):
    """One file takes a patch out, on each machine that gets it: a mask, or Enabled=no in a drop-in."""
    m.ok("mkdir -p /usr/lib/lpd/patches.d; mv /etc/lpd/patches.d/lp-cmdline.conf /usr/lib/lpd/patches.d/; "
         "systemctl reload lpd")
    m.equal("from /usr", m.state("lp-cmdline"), "active")
    m.ok(f"ln -s /dev/null {MANIFEST}; mkdir -p /etc/lpd/patches.d/lp-version.conf.d; "
         "printf '[Patch]\\nEnabled=no\\n' >/etc/lpd/patches.d/lp-version.conf.d/99-halt.conf; systemctl reload lpd")
    m.ok("test ! -e /sys/kernel/livepatch/lp_cmdline -a ! -e /sys/kernel/livepatch/lp_version")
    m.sees_not("cat /proc/cmdline /proc/version", "live patched")
    m.equal("by Enabled=no", m.patch_status("lp-version")["enabledNext"], False)
    m.ok("systemctl list-units --state=failed 'livepatch@*' --no-legend | (! grep .)")
    # It goes on when the file goes.
    m.ok(f"rm -r {MANIFEST} {MANIFEST}.d; systemctl reload lpd")
    m.equal("without the mask", m.state("lp-cmdline"), "active")


def as_systemd(m):
    """The positions of 20 machines for 50 patches are those of ConditionFraction= (systemd 261 and later), which
    knows hundredths of a percent."""
    ids = [f"{i:02x}0123456789abcdef0123456789abcd" for i in range(20)]
    m.write("/run/ids", "\n".join(ids) + "\n")
    positions = {}
    for k in range(50):
        m.write(f"/run/lpd/patches.d/wave-{k}.conf", "[Patch]\nRollout=50%\n")
        for machine in m.json(f"lpctl rollout wave-{k} --file=/run/ids --json=short")["machines"]:
            positions[machine["machineId"], f"wave_{k}"] = int(machine["positionPercent"] * 100)
    compared = 0
    for one in ids:
        own = [(tag, p) for (machine, tag), p in positions.items() if machine == one]
        conditions = [f"'ConditionFraction=!{tag} {p / 100:.2f}%' 'ConditionFraction={tag} {(p + 1) / 100:.2f}%'"
                      for tag, p in own]
        m.ok(f"echo {one} >/run/id; mount --bind /run/id /etc/machine-id; systemd-analyze condition "
             f"{' '.join(conditions)}; status=$?; umount /etc/machine-id; exit $status")
        compared += len(own)
    m.equal("compared", compared, 1000)
