# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cost of `lpd initrd` in the initramfs for one signed patch under Secure Boot, compared with
insmod of another patch before it. The patch is confirmed, as at nearly every boot of a machine."""

from bench import ledger

from . import load, machines

DIRECTORY = "/etc/initramfs-tools"   # is copied into the image with the machine's policy

HOOK = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
cp /etc/initramfs-tools/rusage /etc/initramfs-tools/other.ko "$DESTDIR"
"""

SCRIPT = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
RUSAGE_FILE=/run/insmod-used /rusage /sbin/insmod /other.ko
RUSAGE_FILE=/run/lpd-used /rusage /usr/lib/lpd/lpd initrd
"""


def measure(lab, series, kind, boots):
    """{"insmod": Usage, "lpd": Usage}: medians of that many boots."""
    with machines.machine(lab, series, kind) as m:
        m.boot(secure_boot=True)
        _prepare(m)
        ledger.confirm(m, "lp-version", stage="initrd")
        initramfs = m.make_initramfs()
        samples = {"insmod": [], "lpd": []}
        for _ in range(boots):
            m.reboot(initramfs=initramfs)
            for name, found in samples.items():
                *used, status = map(int, m.ok(f"cat /run/{name}-used").split())
                m.equal(f"the exit status of {name}", status, 0)
                found.append(tuple(used))
            m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "initrd")
        return {name: load.medians(found) for name, found in samples.items()}


def _prepare(m):
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")   # Signature=required
    m.ok(f"lpctl install --no-load --stage=initrd --name=lp-version "
         f"{m.patch('lp-version', by='mok')}")
    m.ok(f"mkdir -p {DIRECTORY}/hooks {DIRECTORY}/scripts/init-top")
    m.ok(f"cp {m.patch('lp-cmdline', by='mok')} {DIRECTORY}/other.ko")
    machines.give_rusage(m, f"{DIRECTORY}/rusage")
    m.write(f"{DIRECTORY}/hooks/bench", HOOK, mode=0o755)
    m.write(f"{DIRECTORY}/scripts/init-top/bench", SCRIPT, mode=0o755)   # runs before lpd
