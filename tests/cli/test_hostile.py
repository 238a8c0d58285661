#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of the wrong kind or content: each gives one clear error that names the file, and nothing
else."""

import os
import shutil
import unittest

from machine import *


class Hostile(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE)
        self.before = tree_of(self.root)

    def special(self, directory, suffix):
        """Files that are not regular, or endless, by path."""
        fifo, folder = directory / f"fifo{suffix}", directory / f"folder{suffix}"
        loop, huge = directory / f"loop{suffix}", directory / f"huge{suffix}"
        os.mkfifo(fifo)
        folder.mkdir()
        loop.symlink_to(loop.name)
        with open(huge, "wb") as f:
            f.truncate(1 << 40)
        through = directory / f"through{suffix}"
        through.symlink_to("/dev/zero")
        return [fifo, folder, loop, huge, through, "/dev/zero", "/dev/null", "/proc/self/mem",
                "/proc/kmsg", f"{folder}/below{suffix}", f"{fifo}/below{suffix}"]

    def one_error(self, *argv, naming, among=()):
        done = self.run_bare(f"--root={self.root}", *argv)
        self.assertIn(done.returncode, among, f"{argv}: {done.stderr}")
        self.assertEqual(sum(line.startswith("lpctl: ") for line in done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(str(naming), done.stderr + done.stdout)
        self.assertEqual(tree_of(self.root), self.before)
        return done

    def test_install_special_files(self):
        for path in self.special(self.scratch, ".ko"):
            naming = "/dev/zero" if "through" in str(path) else path
            self.one_error("install", path, naming=naming if naming != "/proc/self/mem" else "/mem",
                           among=(1, 4, 5))

    def test_lint_special_files(self):
        for path in self.special(self.scratch, ".conf"):
            if path == "/dev/null":   # a link to it is a mask
                continue
            naming = "/dev/zero" if "through" in str(path) else path
            self.one_error("lint", path, naming="/mem" if path == "/proc/self/mem" else naming, among=(78,))

    def test_truncated_modules(self):
        data = module("fix_net")
        for tool in (None, "xz", "zstd", "gzip"):
            whole = compressed(data, tool) if tool else data
            for size in sorted({0, 1, 3, 4, 16, 63, 64, 65, 100, len(whole) // 2, len(whole) - 64,
                                len(whole) - 9, len(whole) - 1}):
                path = self.place("fix-net.ko", whole[:size])
                self.one_error("install", path, naming=path, among=(5,))

    def test_damaged_modules(self):
        data = module("fix_net")
        for offset in (4, 5, 18, 40, 58, 60, 62):   # offsets in the ELF header
            path = self.place("fix-net.ko", data[:offset] + b"\xff\xff" + data[offset + 2:])
            self.one_error("install", path, naming=path, among=(5,))
        for name, value in (("name=fix_net\0", "name=../etc\0\0"), ("name=fix_net\0", "name=\0ix_net\0"),
                            ("vermagic=6", "vermagic=/"), ("vermagic=6", "vermagic=\x1b"),
                            ("name=fix_net\0", "name=fi\nnet\0"), ("livepatch=Y\0", "livepatch=N\0"),
                            (f"vermagic={KERNEL}", f"vermagic=..{KERNEL[2:]}")):
            damaged = data.replace(name.encode(), value.encode())
            self.assertNotEqual(damaged, data)
            path = self.place("fix-net.ko", damaged)
            self.one_error("install", path, naming="" if "vermagic" in value else path, among=(5,))
        path = self.place("fix-net.ko", data + b"~Module signature appended~\n")
        self.one_error("install", path, naming=path, among=(5,))
        path = self.place("bomb.ko.gz", compressed(bytes(300 << 20), "gzip"))
        self.one_error("install", path, naming=path, among=(5,))

    def test_contents_of_manifests(self):
        for data in (b"[Patch]\nDescription=" + b"a" * (1 << 20) + b"\n", b"a" * (2 << 20),
                     b"[Patch]\nParameters=" + b"a" * 70000 + b"\n",
                     b"[Patch]\nDescr\0iption=x\n", b"\0" * 4096, b"[Patch\n", b"Enabled=yes\n",
                     b"[Patch]\n\x1b[2J=1\n", b"[Patch]\nParameters=\xff\xfe\n",
                     b"[Kernel:../../etc]\n", b"[Kernel:]\n", b"[Patch]\n" * 3,
                     b"".join(b"[Kernel:%d]\n" % i for i in range(50000)),
                     b"[Patch]\nAfter=" + b" ".join(b"../%d" % i for i in range(20)) + b"\n",
                     module("fix_net")):
            path = self.place("fix.conf", data)
            self.one_error("lint", path, naming=path, among=(78,))
            self.plant({"/etc/lpd/patches.d/fix.conf": data})
            self.before = tree_of(self.root)
            self.one_error("lint", naming="/etc/lpd/patches.d/fix.conf", among=(78,))
            patch, = self.json("status")["patches"]
            self.assertEqual(patch["state"], "failed")
            self.text("status")
            self.one_error("disable", "fix", naming="/etc/lpd/patches.d/fix.conf", among=(78,))

    def test_special_files_in_the_tree(self):
        """Puts them in place of each file that is read below the root."""
        places = ("etc/lpd/patches.d/fix.conf", "etc/lpd/lpd.conf", "proc/cmdline", "etc/machine-id",
                  "proc/sys/kernel/osrelease", "sys/kernel/notes", "run/lpd/fix.json",
                  "sys/kernel/livepatch/x/enabled", f"var/lib/lpd/modules/{KERNEL}/good.ko",
                  "etc/lpd/patches.d/fix.conf.d/1.conf", "etc/lpd/patches.d", "run/lpd",
                  "sys/kernel/livepatch", "proc/7/task", "var/lib/kpatch", "etc/lpd/patches.d/fix.conf.d")
        for number, place in enumerate(places):
            for kind in ("fifo", "folder", "loop", "huge", "through"):
                with self.subTest(place=place, kind=kind):
                    self.root = self.scratch / f"{number}-{kind}"
                    self.root.mkdir()
                    self.plant(kernel(KERNEL), PERMISSIVE, manifest("good"), loaded("fix_new", transition=1))
                    self.put(self.root / place, kind)
                    before = tree_names(self.root)
                    for argv in (["status"], ["lint"], ["blocking"], ["import-kpatch"]):
                        done = self.run_bare(f"--root={self.root}", *argv)
                        self.assertIn(done.returncode, (0, 1, 3, 4, 78), f"{argv}: {done.stderr}")
                        if done.returncode not in (0, 3):
                            self.assertRegex(done.stderr + done.stdout, r"/\w+|problem", argv)
                    self.assertEqual(tree_names(self.root), before)

    def put(self, path, kind):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind == "huge":
            with open(path, "wb") as f:
                f.truncate(1 << 40)
        else:
            path.symlink_to(path.name if kind == "loop" else "/dev/zero")

    def test_links_out_of_the_tree(self):
        """A manifest that is a link is resolved below the root, never outside."""
        outside = self.place("outside.conf", b"[Patch]\nDescription=of another machine\n")
        self.plant({"/etc/lpd/patches.d/a.conf": Link(outside),
                    "/etc/lpd/patches.d/b.conf": Link("../../../" * 10 + str(outside)[1:])})
        for patch in self.json("status")["patches"]:
            self.assertEqual((patch["state"], patch["description"]), ("failed", None))

    def test_many(self):
        self.plant(*(manifest(f"fix-{i}", f"After=fix-{i + 1}") for i in range(2000)))
        self.assertEqual(len(self.json("list")["patches"]), 2000)


class Arguments(Case):
    """What scripts pass on to each verb, from whoever."""

    NAMES = ("status", "list", "show", "why", "verify", "blocking", "log", "cat", "lint", "install", "remove", "enable",
             "disable", "edit", "load", "unload", "help")
    ODD = ("../../no/such", "..", "a\nb", "\x1b[2J", "-", "*", "[a-", "%s%n", "a" * 56, "=", b"\xff\xfe")

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, manifest("fix-net"),
                   {f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net")})
        self.before = tree_of(self.root)

    def one_refusal(self, *argv, status=None):
        done = self.run_bare(f"--root={self.root}", *map(os.fsdecode, argv), warns=True)
        said = done.stderr + done.stdout
        self.assertNotEqual(done.returncode, 0, argv)
        self.assertIn(done.returncode, (status,) if status else STATUSES, said)
        self.assertTrue(all(line.isprintable() for line in said.splitlines()), (argv, said))
        self.assertLess(len(said), 1000, argv)
        self.assertEqual(tree_of(self.root), self.before)
        return done.stderr

    def test_odd(self):
        for verb in self.NAMES:
            for word in self.ODD[::3] if verb != "help" else self.ODD:
                if verb not in ("status", "list", "show") or not set("*[") & set(os.fsdecode(word)):   # patterns
                    self.one_refusal(verb, word)

    def test_empty_and_endless(self):
        for verb in set(self.NAMES) - {"help"}:
            self.assertIn("an argument is empty", self.one_refusal(verb, "", status=64))
            self.assertIn("an argument has 65536 bytes", self.one_refusal(verb, "x" * 65536, status=64))
        for argv in (["x" * 65536], ["--" + "x" * 65536], ["--kernel=" + "x" * 65536, "lint"],
                     ["--name=" + "x" * 65536, "install", "x.ko"], ["--kernel=" + "x" * 200, "lint"],
                     ["--root=" + "x" * 65536, "list"], ["\x1b[2J"], ["--\x1b[2J"], ["--stage=\x1b[2J", "install", "x"]):
            self.one_refusal(*argv, status=64)

    def test_options(self):
        """What could not be read again is not written."""
        new = self.place("fix-new.ko", module("fix_new"))
        for option in ("--name=", "--name=../x", "--name=a\nb", "--kernel=", "--kernel=../x", "--description=\x1b[2J",
                       "--description=a\x7f", b"--description=\xff", "--description=" + "x" * 65536,
                       "--fixes=CVE-1\x01", "--fixes=" + "x" * 65536):
            self.one_refusal("install", option, new, status=64)
        self.text("install", "--description=\u00fc \"quoted\" $HOME %s", "--fixes=CVE-1,CVE-2", new)
        patch = next(p for p in self.json("status")["patches"] if p["name"] == "fix-new")
        self.assertEqual((patch["description"], patch["fixes"]), ("\u00fc \"quoted\" $HOME %s", ["CVE-1", "CVE-2"]))
        self.assertEqual(self.json("lint")["warnings"], [])

    def test_standard_streams(self):
        """What is printed and cannot be written is a failure; a closed stream is no place for files."""
        for argv in (["status"], ["list", "--json=short"], ["cat-config"], ["enable", "fix-net"], ["disable", "fix-net"],
                     ["enable", "fix-net"], ["help"], ["--version"]):
            for stdout in (">&-", ">/dev/full"):
                done = subprocess.run(["sh", "-c", f'exec "$0" "$@" {stdout}', LPCTL, f"--root={self.root}", *argv],
                                      capture_output=True)
                self.assertEqual((done.returncode, done.stderr), (1, b"lpctl: cannot write to standard output\n"), argv)
        shown = subprocess.run(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', LPCTL, f"--root={self.root}", "disable", "fix-net"])
        self.assertEqual(shown.returncode, 1)
        for path, (_, content) in tree_of(self.root).items():
            self.assertNotIn(b"lpctl: ", content if isinstance(content, bytes) else b"", path)
        self.assertEqual(self.json("why", "fix-net")["reason"], "Enabled=no")


def tree_names(root):
    return sorted(str(path) for path in Path(root).rglob("*"))


if __name__ == "__main__":
    unittest.main()
