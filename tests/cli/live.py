# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shared by the tests of programs that run without --root=: as root of a machine of files, in a mount
namespace with a /sys of its own, so that nothing reaches the real kernel."""

import os
import subprocess
import unittest

from machine import *

RELEASE = os.uname().release
MOUNTS = """
mount --make-rprivate / &&
for d in usr/lib usr/lib64 proc dev; do
    [ ! -d "/$d" ] || mount --rbind "/$d" "$0/$d" || exit
done
mount --bind "$LPCTL_DIRECTORY" "$0/opt/lpctl" && mount --bind "$LPD_LIBEXECDIR" "$0/opt/libexec" || exit
LPD_LIBEXECDIR=/opt/libexec exec chroot --userspec="$LPCTL_USER" "$0" "/opt/lpctl/$PROGRAM" "$@"
"""


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@unittest.skipUnless(may_mount(), "only root can mount")
class Live(Case):
    def setUp(self):
        super().setUp()
        for link in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink(f"/{link}"):
                self.plant({f"/{link}": Link(os.readlink(f"/{link}"))})
        self.plant({f"/{d}": None for d in ("usr", "usr/bin", "usr/lib", "usr/lib64", "proc", "dev", "opt", "opt/lpctl",
                                       "opt/libexec", "tmp", "run")})
        machine = {path: content for path, content in kernel(RELEASE).items() if not path.startswith("/proc/")}
        self.plant(machine, PERMISSIVE)

    def lpctl(self, *argv, status=0, user="0:0", name="lpctl", **options):
        env = {"LPCTL_DIRECTORY": os.path.dirname(LPCTL), "LPCTL_USER": user, "PROGRAM": name}
        done = self.run_bare("-m", "sh", "-c", MOUNTS, self.root, *argv, program="unshare", env=env, **options)
        self.assertEqual(done.returncode, status, f"{argv}: {done.stdout}{done.stderr}")
        return done
