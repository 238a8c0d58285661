#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every hint works: the test does what the hint says, and then the verb succeeds."""

import re
import shlex
import subprocess
import unittest

from machine import *

MANIFESTS, STORE = "/etc/lpd/patches.d", f"/var/lib/lpd/modules/{KERNEL}"


class Hints(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE)
        self.data = module("fix_net")
        self.file = self.place("fix-net.ko", self.data)

    def hint(self, pattern, *argv, status):
        """The hint of the verb; returns the groups of the pattern, which must match it
        completely."""
        found = self.json_once(*argv, status=status)["error"]["hint"]
        match = re.fullmatch(pattern, found or "")
        self.assertIsNotNone(match, found)
        return match.groups()

    def remove(self, path):
        place = self.root / path.lstrip("/")
        place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()

    def write(self, path, text):
        (self.root / path.lstrip("/")).write_text(text)

    def test_masked(self):
        for content in (Link("/dev/null"), ""):
            self.plant({f"{MANIFESTS}/fix-net.conf": content})
            path, = self.hint(r"remove (\S+) first", "install", self.file, status=1)
            self.remove(path)
            self.text("install", self.file)
            self.text("remove", "fix-net")

    def test_in_the_way(self):
        for what in (None, Link("/etc/shadow")):
            self.plant({f"{STORE}/fix-net.ko": what})
            self.hint("remove it first", "install", self.file, status=1)
            self.remove(re.match(r"(\S+) is not a regular file", self.json_once("install", self.file, status=1)
                                 ["error"]["message"])[1])
            self.text("install", self.file)
            self.text("remove", "fix-net")

    def test_named_module(self):
        self.plant(manifest("fix-net", f"[Kernel:{KERNEL}]", "Module=/opt/fix.ko"))
        self.hint("put the module there, or remove Module= from the manifest", "install", self.file, status=1)
        self.plant({"/opt/fix.ko": self.data})
        self.assertEqual(self.json("why", "fix-net")["action"], "load")
        self.write(f"{MANIFESTS}/fix-net.conf", f"[Patch]\n[Kernel:{KERNEL}]\n")
        self.text("install", self.file)

    def test_pin(self):
        self.plant(manifest("fix-net", f"[Kernel:{KERNEL}]", "SHA256=" + "a" * 64))
        section, = self.hint(r"install the right module, or correct SHA256= in (\[Kernel:\S+\])",
                             "install", self.file, status=5)
        self.write(f"{MANIFESTS}/fix-net.conf", f"[Patch]\n{section}\nSHA256={sha256(self.data)}\n")
        self.text("install", self.file)

    def test_last_dropin(self):
        self.text("install", self.file)
        self.plant({f"{MANIFESTS}/fix-net.conf.d/90-mine.conf": "[Patch]\nEnabled=yes\n"})
        path, = self.hint(r"(\S+) is the last one: change that", "disable", "fix-net", status=1)
        self.write(path, "[Patch]\nEnabled=no\n")
        self.text("disable", "fix-net")

    def test_a_packages_patch(self):
        self.plant({"/usr/lib/lpd/patches.d/fix-net.conf": "[Patch]\n", f"{STORE}/fix-net.ko": self.data})
        command, = self.hint(r"remove the package, or disable the patch: lpctl (disable \S+)",
                             "remove", "fix-net", status=1)
        self.text(*shlex.split(command))
        self.assertEqual(self.json("why", "fix-net")["action"], "skip")

    def test_not_only_roots(self):
        """The hint names the file as the caller sees it, not as seen from the other root."""
        path = self.root / f"var/lib/kpatch/{KERNEL}/fix-net.ko"
        self.plant({f"/var/lib/kpatch/{KERNEL}/fix-net.ko": self.data})
        for place in (path, path.parent):
            place.chmod(0o777)
            command, = self.hint(r"(chmod go-w '.*')", "import-kpatch", status=5)
            subprocess.run(command, shell=True, check=True)
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
            command, = self.hint(r"(chown root:root '.*')", "import-kpatch", status=5)
            subprocess.run(command, shell=True, check=True)
        self.text("import-kpatch")

    def test_link(self):
        self.plant(manifest("fix-net", f"[Kernel:{KERNEL}]", "Module=/opt/link.ko"),
                   {"/opt/link.ko": Link("real.ko"), "/opt/real.ko": self.data})
        self.plant({f"/var/lib/kpatch/{KERNEL}/x.ko": Link("/opt/real.ko")})
        self.hint("name the file that it points to", "import-kpatch", status=5)
        self.text("install", self.root / "opt/real.ko", "--name=other")

    def test_two_names(self):
        self.text("install", self.file, "--name=fix-a")
        name, command = self.hint(r"install it under that name: (--name=\S+); or remove the installed patch first: lpctl (.*)",
                                  "install", self.file, "--name=fix-b", status=1)
        self.text("install", self.file, name)
        self.text(*shlex.split(command))
        self.text("install", self.file, "--name=fix-b")

    def test_names_that_are_alike(self):
        self.plant(manifest("fix-net"), manifest("fix_net"), {f"{STORE}/fix-net.ko": self.data})
        self.assertIn("remove one of the two: '-' and '_' are alike", self.lpctl("lint", status=78).stdout)
        self.remove(f"{MANIFESTS}/fix_net.conf")
        self.text("lint")

    def test_names(self):
        self.text("install", self.file)
        name, = self.hint(r"did you mean (\S+)\?", "show", "fix-ned", status=3)
        self.text("show", name)
        command, = self.hint(r"lpctl (list) shows the patches of this machine", "show", "other", status=3)
        self.text(command)
        self.hint(r"names are letters, digits, '-', '_' and '\.', 55 at most", "install", self.file,
                  "--name=a b", status=64)
        self.text("install", self.file, "--kernel=" + KERNEL)

    def test_no_manifest(self):
        self.plant(loaded("fix_net"))
        command, = self.hint(r"see what the kernel says about it: lpctl (show \S+)", "why", "fix_net", status=3)
        self.text(*shlex.split(command))

    def test_running_kernel(self):
        self.remove("/proc/sys/kernel/osrelease")
        option, = self.hint(r"give the release: (--kernel=)", "initramfs-files", status=64)
        self.text("initramfs-files", option + KERNEL)

    def test_lock_file(self):
        self.plant({"/run/lpd/changes.lock": ""})
        (self.root / "run/lpd/changes.lock").chmod(0o644)
        self.hint("remove it first", "install", self.file, status=1)
        self.remove("/run/lpd/changes.lock")
        self.text("install", self.file)

    def test_signed_manifests(self):
        """The files that lpctl may not write are written by hand, as the hint says; then only the
        signature is missing."""
        self.write("/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\nSignedManifests=yes\n")
        path, = self.hint(r"write it yourself, and sign it: openssl cms .*-in (\S+) .*", "install", self.file,
                          status=5)
        self.write(path, f"[Patch]\n[Kernel:{KERNEL}]\n")
        self.hint("sign it: openssl cms .*", "install", self.file, status=5)


if __name__ == "__main__":
    unittest.main()
