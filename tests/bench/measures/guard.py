# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the guard adds to the first load of a build on trial, whose attempt is written and synced, compared with
that of the same build when it is confirmed, of which nothing is written."""

from bench import ledger

from . import load, machines

PATCH = "lp-cmdline"


def measure(lab, series, kind, rounds):
    """{"trial": Usage, "confirmed": Usage} of one load by the host, by turns in one boot."""
    with machines.machine(lab, series, kind) as m:
        m.boot()
        machines.give_rusage(m, "/run/rusage")
        command = load.prepare(m, m.patch(PATCH), PATCH)["lpd"]
        samples = {"confirmed": [], "trial": []}
        for _ in range(rounds + 1):
            for state, found in samples.items():
                m.ok(f"rm -rf {ledger.DIRECTORY}/*; sync")
                if state == "confirmed":
                    ledger.confirm(m, PATCH)
                before = _files(m)
                found.append(load.load(m, command, PATCH))
                m.equal(f"that a load on trial writes and a confirmed one does not: {state}",
                        _files(m) != before, state == "trial")
    # The first round also reads the programs from the disk.
    return {state: load.medians(found[1:]) for state, found in samples.items()}


def _files(m):
    return m.ok(f"find {ledger.DIRECTORY} -type f -printf '%p %i %T@\\n' | sort")
