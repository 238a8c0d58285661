# SPDX-License-Identifier: LGPL-2.1-or-later
"""A wave of Rollout= that begins while the machine runs: the patch is loaded without a reboot, also when the
clock is set past the date; one that is set back takes nothing out."""

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
