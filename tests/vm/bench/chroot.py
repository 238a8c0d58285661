# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of another Debian release, run in its tree."""

from .command import run

# Directories of a tree on which directories of the host can be mounted.
PLACES = ("src", "build", "ccache")

# The mounts end with the program.
SCRIPT = """
    set -e
    tree=$1
    shift
    for name in dev proc sys; do mount --rbind "/$name" "$tree/$name"; done
    while [ "$1" != -- ]; do
        mount --bind "$2" "$tree/$1"
        shift 2
    done
    shift
    exec chroot "$tree" "$@"
"""


def run_in(tree, *argv, binds=None, **environment):
    """Runs a program in a tree, with {place: directory of the host} mounted there."""
    mounts = [word for bind in (binds or {}).items() for word in bind]
    settings = [f"{name}={value}" for name, value in environment.items()]
    return run("unshare", "--mount", "sh", "-c", SCRIPT, "sh", tree, *mounts, "--",
               "env", *settings, *argv)
