# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of the host that the bench runs."""

import subprocess


def run(*argv, **options):
    """Runs a program quietly; if it fails, its output is the error."""
    argv = [str(arg) for arg in argv]
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, errors="replace", **options)
    except FileNotFoundError:
        raise SystemExit(f"{argv[0]} is not here: run tests/vm/install-deps") from None
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-30:])
        raise SystemExit(f"{' '.join(argv)[:300]}\nfailed with {done.returncode}:\n{tail}")
    return done.stdout
