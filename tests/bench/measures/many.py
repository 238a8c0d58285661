# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many patches on one machine: loads into a fake kernel on this host, and the verbs of lpctl that only read."""

import os

from bench.command import run

from . import trees

WAYS = {"boot": "loads one by one", "apply": "apply", "again": "apply with all loaded"}
VERBS = ("status", "list", "why fix-7", "cves", "apply --dry-run", "verify fix-7")


def measure(build_dir, way, counts):
    """{count: microseconds of CPU}"""
    run("ninja", "-C", build_dir, "tests/bench/converge")
    environment = {**os.environ, "TMPDIR": trees.SHARED_MEMORY}
    return {count: int(run(build_dir / "tests/bench/converge", way, str(count), env=environment))
            for count in counts}


def command(verb):
    """For trees.measure_on_host(). The modules of the tree are empty, which some verbs report by their exit status."""
    def of_tree(top, tree, _out):
        return "true", f"/bin/sh -c '{top}/{trees.LPCTL} --root={tree} {verb} >&2; :'"
    return of_tree
