# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signed patches on a machine with Secure Boot: the cost of verifying and loading one with lpd,
compared with insmod, where only the kernel verifies, alternating in one boot."""

from . import load, machines

PATCHES = {"64 KiB": "lp-size-64k", "10 MiB": "lp-size-10m"}


def measure(lab, series, kind, rounds):
    """{size: Usage of {"insmod": …, "lpd": …, "verify": …}}"""
    with machines.machine(lab, series, kind) as m:
        m.boot(secure_boot=True)
        m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")   # Signature=required
        machines.give_rusage(m, "/run/rusage")
        return {size: _measure(m, patch, rounds) for size, patch in PATCHES.items()}


def _measure(m, patch, rounds):
    loads = load.prepare(m, m.patch(patch, by="mok"), patch)
    samples = {name: [] for name in (*loads, "verify")}
    for _ in range(rounds + 1):
        for name, command in loads.items():
            samples[name].append(load.load(m, command, patch))
        samples["verify"].append(load.once(m, f"/usr/sbin/lpctl verify /run/{patch}.ko"))
    # The first round also reads the programs from the disk, so it is dropped.
    return {name: load.medians(found[1:]) for name, found in samples.items()}
