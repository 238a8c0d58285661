# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of another Debian release, run in its tree."""

import os
import shutil
import tempfile

from .command import run

# Directories of a tree on which directories of the host can be mounted.
PLACES = ("src", "build", "ccache")

# The mounts end with the program.
MOUNT = """
    set -e
    tree=$1
    shift
    for name in dev proc sys; do mount --rbind "/$name" "$tree/$name"; done
"""

SCRIPT = MOUNT + """
    while [ "$1" != -- ]; do
        mount --bind "$2" "$tree/$1"
        shift 2
    done
    shift
    exec chroot "$tree" "$@"
"""


APT_CONF = """
    Dir "{tree}";
    DPkg::Chroot-Directory "{tree}";
    APT::Architecture "amd64";
    APT::Sandbox::User "root";
    Acquire::Languages "none";
"""


# What dpkg and apt lock, and two trees would share.
LOCKS = ("var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend", "var/lib/dpkg/triggers/Lock", "var/cache/apt/archives/lock",
         "var/lib/apt/lists/lock")


def copy_to_change(tree, copy):
    """Copies a tree by hard links, so that packages can be installed in the copy."""
    run("cp", "-al", tree, copy)
    # Programs write to these in place.
    shutil.rmtree(copy / "var/log")
    (copy / "var/log").mkdir()
    for name in LOCKS:
        (copy / name).unlink(missing_ok=True)


def run_in(tree, *argv, binds=None, **environment):
    """Runs a program in a tree, with {place: directory of the host} mounted there."""
    mounts = [word for bind in (binds or {}).items() for word in bind]
    settings = [f"{name}={value}" for name, value in environment.items()]
    return run("unshare", "--mount", "sh", "-c", SCRIPT, "sh", tree, *mounts, "--",
               "env", *settings, *argv)


def apt_in(tree, *argv):
    """Runs this machine's apt-get on the packages of a tree, with the sources and settings in there."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write(APT_CONF.format(tree=tree))
        conf.flush()
        return run("unshare", "--mount", "sh", "-c", f'{MOUNT} exec apt-get -qq "$@"', "sh", tree, *argv,
                   env=os.environ | {"APT_CONFIG": conf.name, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})
