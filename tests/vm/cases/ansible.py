# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Ansible collection over ssh, on three machines at once: check mode changes nothing, a canary that fails stops the
rollout before another machine is touched, and a second run changes nothing."""

import os

from bench.fleet import Fleet
from bench.kinds import EVERYWHERE, USUAL

MODULE = "lp-cmdline.ko"
# In tests/soak: also the module by itself, and ansible-test, with the ansible-core of each Debian release.
WHOLE = "LPD_CUTS" in os.environ
MACHINES = EVERYWHERE if WHOLE else USUAL


def case(m):
    fleet = Fleet(m, ["canary", "a", "b"])
    canary, others = fleet.machines["canary"], [fleet.machines["a"], fleet.machines["b"]]
    (fleet.directory / MODULE).write_bytes(m.patch_bytes("lp-cmdline"))
    if WHOLE:
        fleet.sanity()
        alone(fleet, canary)

    canary.ok("touch /run/ill")
    said = fleet.rollout(MODULE, status=2)
    m.contains("the playbook", said, "the wave failed on canary (Run the command")
    for machine in (canary, *others):
        untouched(machine)
    for machine in others:
        machine.sees_not("journalctl -b -u ssh", "Accepted publickey")   # not even a connection

    canary.ok("rm /run/ill")
    m.equal("machines with changes in check mode", changes(fleet.rollout(MODULE, "--check")), 3)
    for machine in (canary, *others):
        untouched(machine)
    m.equal("machines with changes in the first run", changes(fleet.rollout(MODULE)), 3)
    for machine in (canary, *others):
        machine.equal("the state", machine.state("lp-cmdline"), "active")
        machine.sees("cat /proc/cmdline", "live patched")
    m.equal("machines with changes in the second run", changes(fleet.rollout(MODULE)), 0)


def changes(said):
    """The number of machines that the recap of a playbook calls changed."""
    return said.count("changed=") - said.count("changed=0")


def alone(fleet, canary):
    """One module on one machine."""
    task = {"livepatch.lpd.lpd_patch": {"name": "lp-cmdline", "src": fleet.inside(MODULE), "state": "loaded",
                                        "wait": "60", "fixes": ["CVE-2024-1086"], "probe": "/usr/bin/true"}}
    absent = {"livepatch.lpd.lpd_patch": {"name": "lp-cmdline", "state": "absent"}}
    canary.contains("check mode", fleet.play("canary", task, "--check", "--diff"), "changed=1")
    untouched(canary)
    canary.contains("the first run", fleet.play("canary", task), "changed=1")
    canary.sees("cat /proc/cmdline", "live patched")
    canary.equal("the probe", canary.patch_status("lp-cmdline")["kernelState"]["probe"], "passed")
    canary.contains("the second run", fleet.play("canary", task), "changed=0")
    canary.contains("removal in check mode", fleet.play("canary", absent, "--check"), "changed=1")
    canary.equal("the state", canary.state("lp-cmdline"), "active")
    canary.contains("the removal", fleet.play("canary", absent), "changed=1")
    untouched(canary)


def untouched(machine):
    machine.sees_not("cat /proc/cmdline", "live patched")
    machine.ok("! find /etc/lpd/patches.d /var/lib/lpd/modules -type f | grep .")
