#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs that change files, with --root=: where each file is written, and that nothing else is
touched."""

import fcntl
import signal
import itertools
import json
import os
import shutil
import subprocess
import unittest

from machine import *

OTHER = "6.12.22+bpo-cloud-amd64"
STORE, MANIFESTS = "var/lib/lpd/modules", "etc/lpd/patches.d"

KPATCH_UNIT = {"/usr/lib/systemd/system/kpatch.service": "[Service]\nExecStart=kpatch load --all\n",
               "/etc/systemd/system/multi-user.target.wants/kpatch.service":
               Link("/usr/lib/systemd/system/kpatch.service")}


class Changing(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE)
        self.before = tree_of(self.root)

    def added(self):
        """The files that were added, as {path: content}; checks that nothing else changed."""
        now = tree_of(self.root)
        for path, entry in self.before.items():
            self.assertEqual(now.get(path), entry, path)
        for path, (mode, content) in now.items():
            if path not in self.before:
                self.assertEqual(mode, "0o40755" if content is None else "0o100644", path)
        return {path: content for path, (_, content) in now.items()
                if path not in self.before and content is not None}

    def assert_unchanged(self):
        self.assertEqual(tree_of(self.root), self.before)

    def mark(self):
        self.before = tree_of(self.root)

    def wanted(self, name, data, release=KERNEL, stage="system"):
        return {
            f"{STORE}/{release}/{name}.ko": data,
            f"{MANIFESTS}/{name}.conf.d/20-kernel-{release}.conf":
                f"# Written by lpctl install.\n[Kernel:{release}]\nSHA256={sha256(data)}\n".encode(),
            f"{MANIFESTS}/{name}.conf":
                f"# Written by lpctl install; yours to edit, see lpd.patch(5).\n[Patch]\nStage={stage}\n".encode(),
        }

    def change(self, verb, *argv, status=0):
        """(changed, {name: (changed, message)}) as reported by the verb."""
        value = self.json_once(verb, *argv, status=status)
        self.error = value.get("error", {})
        patches = {p["name"]: (p["changed"], p["message"]) for p in value.get("patches", [])}
        self.assertEqual(value["changed"], any(changed for changed, _ in patches.values()))
        return value["changed"], patches

    def refuse(self, status, verb, *argv):
        """The verb must fail and leave the machine as it was; returns its message."""
        self.assertEqual(self.change(verb, *argv, status=status)[0], False)
        self.assert_unchanged()
        said = self.lpctl(verb, *argv, status=status).stderr
        self.assertTrue(said.startswith(f"lpctl: {self.error['message']}\n"), said)
        self.assert_unchanged()
        return self.error["message"]


# Below the root $1, /$2 is read-only, for the command that follows.
READ_ONLY = 'mount --bind "$1/$2" "$1/$2" && mount -o remount,bind,ro "$1/$2" && shift 2 && exec "$@"'


@unittest.skipUnless(subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0,
                     "no right to mount")
class ReadOnly(Changing):
    """On a system that is made from an image, /etc and /usr may be read-only."""

    def refused(self, directory, *argv):
        """lpctl refuses to change the directory; returns what it says."""
        self.mark()
        run = subprocess.run(["unshare", "-m", "sh", "-c", READ_ONLY, "sh", self.root, directory, LPCTL,
                              f"--root={self.root}", *argv], capture_output=True, text=True, errors="replace")
        self.assertEqual(run.returncode, 1, run)
        self.assert_unchanged()
        return run.stderr

    def test_install(self):
        path = self.place("fix-net.ko", module("fix_net"))
        for directory in "etc", "var":
            said = self.refused(directory, "install", path)
            self.assertRegex(said, rf"cannot write /{directory}/.*: Read-only file system")
            self.assertIn("put patches into the image, in /usr/lib/lpd", said)
            self.assertIn("lpctl load FILE", said)

    def test_others(self):
        self.json("install", self.place("fix-net.ko", module("fix_net")))
        for verb in "remove", "disable":
            self.assertIn("put patches into the image", self.refused("etc", verb, "fix-net"))


class FallingBack(Changing):
    """The last build that the machine has confirmed is kept while others are tried."""

    BUILDS = [module("fix_net", build_id=digit * 40) for digit in "12345"]

    def confirm(self, data):
        self.plant({f"/var/lib/lpd/ledger/{KERNEL}/{sha256(data)}.json": json.dumps(
            {"name": "fix-net", "state": "confirmed", "stage": "system", "since": 1, "attempts": []})})

    def install(self, data):
        self.json("install", self.place("fix-net.ko", data))
        self.assertEqual(self.bytes(f"{STORE}/{KERNEL}/fix-net.ko"), data)

    def bytes(self, path):
        return (self.root / path).read_bytes()

    def assert_kept(self, *builds):
        """The kept build, if any; the pin allows it and the installed one."""
        kept = self.root / STORE / KERNEL / "fix-net.ko.confirmed"
        self.assertEqual([kept.read_bytes()] if kept.exists() else [], list(builds))
        pin = self.read(f"{MANIFESTS}/fix-net.conf.d/20-kernel-{KERNEL}.conf")
        installed = self.bytes(f"{STORE}/{KERNEL}/fix-net.ko")
        self.assertIn("SHA256=" + " ".join(sha256(data) for data in (installed, *builds)) + "\n", pin)

    def test_install(self):
        first, second, third, fourth, fifth = self.BUILDS
        self.install(first)
        self.assert_kept()
        self.install(second)
        self.assert_kept()               # nobody has confirmed the first one
        self.confirm(second)
        self.install(third)
        self.assert_kept(second)
        self.install(fourth)
        self.assert_kept(second)         # the third one was never confirmed
        self.mark()
        self.assertEqual(self.change("install", self.place("fix-net.ko", fourth))[0], False)
        self.assert_unchanged()
        self.confirm(fourth)
        self.install(fifth)
        self.assert_kept(fourth)
        self.install(fourth)             # back to it by hand
        self.assert_kept()
        self.json("remove", "fix-net")
        self.assertFalse((self.root / STORE / KERNEL).exists())

    def test_remove(self):
        self.install(self.BUILDS[0])
        self.confirm(self.BUILDS[0])
        self.mark()
        self.install(self.BUILDS[1])
        self.assert_kept(self.BUILDS[0])
        self.json("remove", "fix-net")
        self.assertEqual([path for path in tree_of(self.root) if "fix-net" in path and "ledger" not in path], [])

    def test_status(self):
        good, bad = self.BUILDS[:2]
        self.install(good)
        self.confirm(good)
        self.install(bad)
        self.plant({f"/var/lib/lpd/ledger/{KERNEL}/{sha256(bad)}.json": json.dumps(
            {"name": "fix-net", "state": "quarantined", "reason": "a BUG", "since": 1, "attempts": []})})
        why = self.json("why", "fix-net")
        self.assertEqual(why["action"], "load")
        self.assertIn("the installed build is quarantined (a BUG), and the last confirmed one takes its place",
                      [step["fact"] for step in why["steps"]])
        self.plant(loaded("fix_net"), {"/sys/module/fix_net/notes/.note.gnu.build-id": note("1" * 40)})
        patch = self.json("status")["patches"][0]
        self.assertEqual((patch["state"], patch["reasonCode"], patch["guard"]), ("active", "fallback", "confirmed"))
        self.assertEqual(patch["reason"],
                         "the last confirmed build, as the installed one is quarantined: a BUG")


class Install(Changing):
    def test_places(self):
        data = module("fix_net")
        path = self.place("fix-net.ko", data)
        said = f"for {KERNEL}; it will be loaded when that kernel boots"
        self.assertEqual(self.change("install", path), (True, {"fix-net": (True, f"installed {said}")}))
        self.assertEqual(self.added(), self.wanted("fix-net", data))
        self.mark()
        self.assertEqual(self.change("install", path),
                         (False, {"fix-net": (False, f"installed already {said}")}))
        self.assert_unchanged()
        self.text("lint")
        self.assertEqual(self.json("show", "fix-net")["patches"][0]["module"]["sha256"], sha256(data))

    def test_text(self):
        path = self.place("fix-net.ko", module("fix_net"))
        self.assertEqual(self.text("install", path),
                         f"fix-net: installed for {KERNEL}; it will be loaded when that kernel boots\n")
        self.assertEqual(self.text("-q", "install", path), "")

    def test_empty_root(self):
        """In a new image every directory is created. Its policy must be permissive."""
        for path in ("proc", "sys", "var", "etc/lpd/patches.d"):
            shutil.rmtree(self.root / path)
        self.mark()
        self.text("install", self.place("fix-net.ko", module("fix_net")))
        self.assertEqual(self.added(), self.wanted("fix-net", module("fix_net")))

    def test_umask(self):
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        self.text("install", self.place("fix-net.ko", module("fix_net")))
        self.added()

    def test_compressed(self):
        data = module("fix_net")
        for suffix, tool in (("xz", "xz"), ("zst", "zstd"), ("gz", "gzip")):
            name = f"fix-{suffix}"
            path = self.place(f"{name}.ko.{suffix}", compressed(data, tool))
            self.text("install", path, f"--name={name}")
            self.assertEqual(self.added(), self.wanted(name, data))
            self.text("remove", name)
            self.assert_unchanged()

    def test_name(self):
        """The patch gets the file's spelling if it matches the module's name, else the module's
        name, or the requested name."""
        data = module("fix_net")
        for file, argv, name in (("fix-net.ko", [], "fix-net"), ("x.ko", [], "fix_net"),
                                 ("fix-net.1.ko", ["--name=base-1.2"], "base-1.2")):
            self.text("install", self.place(file, data), *argv)
            self.assertEqual(self.added(), self.wanted(name, data))
            self.text("remove", name)
            self.assert_unchanged()

    def test_one_module_a_name(self):
        """A patch has one module for each kernel, and a module belongs to one patch."""
        first, other = self.place("a.ko", module("lp_a")), self.place("b.ko", module("lp_b"))
        self.text("install", first, "--name=fix-a")
        self.mark()
        self.assertIn("fix-a is installed with the module lp_a, and this file contains lp_b",
                      self.refuse(1, "install", "--name=fix-a", other))
        self.assertIn("lpctl remove fix-a", self.error["hint"])
        self.assertIn("the module lp_a is installed as fix-a already", self.refuse(1, "install", first))

    def test_named_by_its_module(self):
        """Every verb accepts the name of a module for its patch."""
        self.text("install", self.place("a.ko", module("lp_a")), "--name=fix-a")
        for verb in ("show", "status"):
            self.assertEqual([p["name"] for p in self.json(verb, "lp-a")["patches"]], ["fix-a"])
        self.assertEqual(self.json("why", "lp_a")["name"], "fix-a")
        self.assertIn("fix-a.conf", self.text("cat", "lp_a"))
        self.assertEqual(self.change("disable", "lp_a")[1].keys(), {"fix-a"})
        self.assertIn("lp_a is the module of the patch fix-a", self.text("enable", "lp_a"))
        # A patch of exactly that name takes precedence.
        self.plant(manifest("lp_a"))
        self.assertEqual([p["name"] for p in self.json("show", "lp_a")["patches"]], ["lp_a"])
        (self.root / MANIFESTS / "lp_a.conf").unlink()
        self.assertEqual(self.change("remove", "lp_a")[1].keys(), {"fix-a"})

    def test_name_of_two(self):
        paths = [self.place(f"{n}.ko", module(n)) for n in ("a", "b")]
        self.assertEqual(self.refuse(64, "install", "--name=c", *paths), "--name=, --description= and --fixes= go with one file")
        self.assertIn("'../c' is not a patch name",
                      self.refuse(64, "install", "--name=../c", paths[0]))
        self.refuse(64, "install", "--name=" + "c" * 56, paths[0])

    def test_stage(self):
        path = self.place("fix-net.ko", module("fix_net"))
        self.text("install", "--stage=initrd", path)
        self.assertEqual(self.added(), self.wanted("fix-net", module("fix_net"), stage="initrd"))
        self.mark()
        self.assertEqual(self.change("install", path)[0], False)
        self.assertEqual(self.change("install", "--stage=initrd", path)[0], False)
        self.assertEqual(self.change("install", "--stage=system", path)[0], True)
        self.assertEqual(self.added(), {f"{MANIFESTS}/fix-net.conf.d/50-stage.conf":
                                        b"# Written by lpctl install.\n[Patch]\nStage=system\n"})
        self.assertEqual(self.json("show", "fix-net")["patches"][0]["stage"], "system")

    def test_description_and_fixes(self):
        path = self.place("fix-net.ko", module("fix_net"))
        for option in ("--description=a\nEnabled=no", "--description=a\\", "--fixes=CVE-1\\"):
            self.assertIn("takes", self.refuse(64, "install", option, path))
        self.text("install", "--description=net: it's ü", "--fixes=CVE-2024-1, CVE-2024-2\n", path)
        self.assertIn("\n[Patch]\nDescription=net: it's ü\nFixes=CVE-2024-1 CVE-2024-2\nStage=system\n",
                      self.read(f"{MANIFESTS}/fix-net.conf"))

        def shown():
            patch = self.json("show", "fix-net")["patches"][0]
            return patch["description"], patch["fixes"]

        self.assertEqual(shown(), ("net: it's ü", ["CVE-2024-1", "CVE-2024-2"]))
        self.mark()
        self.assertEqual(self.change("install", "--description=net: it's ü", "--fixes=CVE-2024-1 CVE-2024-2", path)[0],
                         False)
        self.assertEqual(self.change("install", path)[0], False)
        self.assertEqual(self.added(), {})
        self.assertEqual(self.change("install", "--fixes=CVE-2024-3", path)[0], True)
        self.assertEqual(set(self.added()), {f"{MANIFESTS}/fix-net.conf.d/50-about.conf"})
        self.assertEqual(shown(), ("net: it's ü", ["CVE-2024-3"]))
        self.assertEqual(self.change("install", "--description=other", path)[0], True)
        self.assertEqual(shown(), ("other", ["CVE-2024-3"]))
        self.text("remove", "fix-net")
        self.assertFalse((self.root / MANIFESTS.lstrip("/") / "fix-net.conf.d").exists())

    def test_kernel(self):
        path = self.place("fix-net.ko", module("fix_net", OTHER))
        self.assertEqual(self.refuse(6, "install", f"--kernel={KERNEL}", path),
                         f"fix-net.ko: built for the kernel {OTHER}, not for {KERNEL} ({path})")
        self.text("install", f"--kernel={OTHER}", path)
        self.assertEqual(self.added(), self.wanted("fix-net", module("fix_net", OTHER), OTHER))

    def test_second_kernel(self):
        first, second = (self.place(f"{r}.ko", module("fix_net", r)) for r in (KERNEL, OTHER))
        self.text("install", first, "--name=fix-net")
        self.mark()
        self.assertEqual(self.change("install", second, "--name=fix-net")[0], True)
        wanted = self.wanted("fix-net", module("fix_net", OTHER), OTHER)
        del wanted[f"{MANIFESTS}/fix-net.conf"]
        self.assertEqual(self.added(), wanted)
        self.text("remove", "fix-net")
        self.assertEqual([p for p in tree_of(self.root) if "fix" in p], [])

    def test_other_build(self):
        """The new build replaces the old one completely: the pin contains only the new hash."""
        old, new = module("fix_net"), module("fix_net", build_id="77" * 20)
        path = self.place("fix-net.ko", old)
        self.text("install", path)
        path.write_bytes(new)
        self.assertEqual(self.change("install", path)[0], True)
        wanted = self.wanted("fix-net", new)
        self.assertEqual({p: c for p, (_, c) in tree_of(self.root).items() if p in wanted}, wanted)
        self.assertEqual([p for p in tree_of(self.root) if "/." in p], [])

    def test_not_only_ours(self):
        """A file with the same content that others can change is replaced by one of root's."""
        data = module("fix_net")
        path = self.place("fix-net.ko", data)
        self.text("install", path)
        store = self.root / STORE / KERNEL / "fix-net.ko"
        store.chmod(0o666)
        self.assertEqual(self.change("install", path)[0], True)
        self.assertEqual((store.stat().st_mode & 0o777, store.read_bytes()), (0o644, data))

    def test_own_manifest_stays(self):
        """A manifest for all kernels stays one for all kernels, without a pin."""
        self.plant(manifest("fix-net", "Description=mine"))
        self.mark()
        self.text("install", self.place("fix_net.ko", module("fix_net")))
        self.assertEqual(self.added(), {f"{STORE}/{KERNEL}/fix-net.ko": module("fix_net")})

    def test_pinned_by_others(self):
        pin = "a" * 64
        self.plant(manifest("fix-net", f"[Kernel:{KERNEL}]", f"SHA256={pin}"))
        self.mark()
        path = self.place("fix-net.ko", module("fix_net"))
        self.assertEqual(self.refuse(5, "install", path),
                         f"fix-net.ko: its SHA256 is {sha256(module('fix_net'))}, but the manifest has {pin} ({path})")
        self.assertEqual(self.error["hint"], "install the right module, or correct SHA256= in "
                                             f"[Kernel:{KERNEL}]")

    def test_named_by_others(self):
        self.plant(manifest("fix-net", f"[Kernel:{KERNEL}]", "Module=/opt/fix.ko"))
        self.mark()
        self.assertIn("has its own Module=/opt/fix.ko",
                      self.refuse(1, "install", self.place("fix-net.ko", module("fix_net"))))

    def test_masked(self):
        self.plant({f"{MANIFESTS}/fix-net.conf": Link("/dev/null")})
        self.mark()
        self.assertEqual(self.refuse(1, "install", self.place("fix-net.ko", module("fix_net"))),
                         "the patch fix-net is masked by /etc/lpd/patches.d/fix-net.conf")

    def test_broken_manifest(self):
        self.plant(manifest("fix-net", "Tiemout=1"))
        self.mark()
        self.assertIn("fix-net.conf:2: unknown key 'Tiemout'",
                      self.refuse(78, "install", self.place("fix-net.ko", module("fix_net"))))

    def test_no_live_patch(self):
        path = self.place("ext.ko", module("ext", livepatch=False))
        self.assertEqual(self.refuse(5, "install", path),
                         f"ext.ko: a kernel module, but no live patch (no livepatch=Y) ({path})")

    def test_policy(self):
        path = self.place("fix-net.ko", module("fix_net"))
        for text, status, said in (
                ("[Trust]\nSignature=required\n", 5, "it is not signed (unsigned, Signature=required)"),
                ("[Trust]\nSignature=local\n", 5, "it is not signed (unsigned, Signature=local)"),
                ("", 5, "it is not signed (unsigned, Signature=required)"),
                ("[Trust]\nSignature=never\n", 78, "/etc/lpd/lpd.conf:2: ")):
            self.plant({"/etc/lpd/lpd.conf": text})
            self.mark()
            self.assertIn(said, self.refuse(status, "install", path))

    def test_something_in_the_way(self):
        self.plant({f"{STORE}/{KERNEL}/fix-net.ko": None})
        self.mark()
        self.assertIn("is not a regular file", self.refuse(1, "install", self.place("fix-net.ko", module("fix_net"))))

    def test_undone(self):
        """An install that cannot be completed is undone: here the last file, the manifest, cannot
        be written."""
        self.plant({f"{MANIFESTS}/fix-net.conf.d": "a file where a directory should be"})
        self.mark()
        self.refuse(1, "install", self.place("fix-net.ko", module("fix_net")))

    def test_one_that_fails_stops_no_other(self):
        paths = [self.place("a.ko", module("a")), self.place("b.ko", b"no module"),
                 self.place("c.ko", b""), self.place("d.ko", module("d"))]
        changed, patches = self.change("install", *paths, status=5)
        self.assertTrue(changed)
        self.assertEqual({name: c for name, (c, _) in patches.items()},
                         {"a": True, str(paths[2]): False, "d": True})
        self.assertEqual(self.error["message"], f"b.ko: not a kernel module: no ELF header ({paths[1]})")
        self.assertEqual(patches[str(paths[2])][1], f"c.ko: not a kernel module: the file is empty ({paths[2]})")
        self.assertEqual(self.added(), self.wanted("a", module("a")) | self.wanted("d", module("d")))

    def test_as_data(self):
        """The result is available as data, not only in the message."""
        path = self.place("fix-net.ko", module("fix_net"))
        wanted = {"kernel": KERNEL, "placed": True, "loaded": False}
        # no kernel is running there
        for arguments, code in (([], "other-kernel"), (["--no-load"], "no-load")):
            patch, = self.json("install", *arguments, path)["patches"]
            self.assertEqual({key: patch[key] for key in wanted}, wanted)
            self.assertEqual(patch["deferred"]["code"], code)
            self.assertIn(patch["deferred"]["reason"], patch["message"])
            wanted["placed"] = False
        patch, = self.json("install", f"--kernel={OTHER}", self.place("fix-b.ko", module("fix_b", OTHER)))["patches"]
        self.assertEqual((patch["kernel"], patch["deferred"]["code"]), (OTHER, "other-kernel"))

    def test_url(self):
        url = "https://example.org/fix-net.ko"
        said = f"{url}: this is a URL, and lpctl reads local files only"
        self.assertEqual(self.refuse(64, "install", url), said)
        self.assertEqual(self.json("verify", url, status=64)["error"]["message"], said)

    def test_a_name(self):
        self.assertEqual(self.refuse(1, "install", "fix-net"), "fix-net: No such file or directory")
        self.assertIn("lpctl load fix-net", self.json("install", "fix-net", status=1)["error"]["hint"])

    def test_absent(self):
        path = self.scratch / "absent.ko"
        self.assertEqual(self.refuse(1, "install", path), f"{path}: No such file or directory")

    def test_links_lead_nowhere_else(self):
        """Links in the tree are resolved below the root, wherever they point."""
        outside = self.scratch / "outside"
        outside.mkdir()
        (self.root / STORE).rmdir()
        self.plant({STORE: Link(outside)})
        self.mark()
        self.lpctl("install", self.place("fix-net.ko", module("fix_net")), status=1)
        self.assertEqual(list(outside.iterdir()), [])
        self.assert_unchanged()


class Remove(Changing):
    def test_as_before(self):
        path = self.place("fix-net.ko", module("fix_net"))
        self.text("install", path, "--stage=initrd")
        self.text("install", path, "--stage=system")
        self.text("disable", "fix-net")
        self.assertEqual(self.change("remove", "fix_net"), (True, {"fix-net": (True, "removed")}))
        self.assert_unchanged()
        self.assertEqual(self.change("remove", "fix-net"),
                         (False, {"fix-net": (False, "there is no such patch, nothing to do")}))
        self.text("install", path)
        self.assertEqual(self.change("remove", "fix-nte"), (False, {
            "fix-nte": (False, "there is no such patch, nothing to do; did you mean fix-net?")}))

    def test_others_stay(self):
        self.plant({f"{STORE}/{KERNEL}/other.ko": b"x"}, manifest("other"),
                   {f"{MANIFESTS}/fix-net.conf.d/90-mine.conf": "[Patch]\nRequired=yes\n"})
        self.mark()
        self.text("install", self.place("fix-net.ko", module("fix_net")))
        self.text("remove", "fix-net")
        self.assert_unchanged()

    def test_one_that_fails_stops_no_other(self):
        for name in ("a", "b"):
            self.text("install", self.place(f"{name}.ko", module(name)))
        nothing = (False, "there is no such patch, nothing to do")
        changed, patches = self.change("remove", "a", "none", "nor-this", "b")
        self.assertEqual((changed, patches), (True, {"a": (True, "removed"), "b": (True, "removed"),
                                                     "none": nothing, "nor-this": nothing}))
        self.assert_unchanged()

    def test_of_a_package(self):
        self.plant({"/usr/lib/lpd/patches.d/fix-net.conf": "[Patch]\n"})
        self.mark()
        self.assertIn("was not written by lpctl install", self.refuse(1, "remove", "fix-net"))
        self.assertIn("lpctl disable fix-net", self.error["hint"])

    def test_broken(self):
        self.text("install", self.place("fix-net.ko", module("fix_net")))
        self.plant(manifest("fix-net", "Tiemout=1"))
        self.text("remove", "fix-net")
        self.assert_unchanged()

    def test_names(self):
        self.assertEqual(self.refuse(64, "remove", ""), "an argument is empty")
        for name in ("../../../etc/passwd", ".", "..", "a/b", "x" * 56):
            self.assertIn("is not a patch name", self.refuse(64, "remove", name))


class Switch(Changing):
    def setUp(self):
        super().setUp()
        self.plant(manifest("fix-net"), manifest("fix-off", "Enabled=no"), manifest("bad", "Enabeld=no"),
                   {"/usr/lib/lpd/patches.d/vendor.conf": "[Patch]\n"})
        self.mark()

    def test_disable_and_enable(self):
        for name in ("fix-net", "vendor"):
            later = ", which takes effect at the next boot (--now: at once)"
            self.assertEqual(self.change("disable", name), (True, {name: (True, f"disabled{later}")}))
            self.assertEqual(self.added(), {f"{MANIFESTS}/{name}.conf.d/50-enabled.conf":
                                            b"# Written by lpctl disable.\n[Patch]\nEnabled=no\n"})
            self.assertEqual(self.json("show", name)["patches"][0]["state"], "disabled")
            inside = tree_of(self.root)
            self.assertEqual(self.change("disable", name)[0], False)
            self.assertEqual(tree_of(self.root), inside)
            self.assertEqual(self.change("enable", name)[0], True)
            self.assertEqual(self.added(), {})
            self.assertEqual(self.change("enable", name)[0], False)

    def test_enable_what_is_off(self):
        self.assertEqual(self.change("enable", "fix-off")[0], True)
        self.assertEqual(self.added(), {f"{MANIFESTS}/fix-off.conf.d/50-enabled.conf":
                                        b"# Written by lpctl enable.\n[Patch]\nEnabled=yes\n"})

    def test_one_that_fails_stops_no_other(self):
        changed, patches = self.change("disable", "bad", "fix-net", status=78)
        self.assertIn("bad.conf:2: unknown key 'Enabeld'", self.error["message"])
        self.assertEqual((changed, list(patches)), (True, ["fix-net"]))
        self.assertEqual(list(self.added()), [f"{MANIFESTS}/fix-net.conf.d/50-enabled.conf"])

    def test_a_name_that_is_none(self):
        """An invalid name stops the command before the first step."""
        self.refuse(64, "disable", "fix-net", "a/b")

    def test_now_is_for_the_running_machine(self):
        self.assertEqual(self.change("disable", "--now", "fix-net")[1], {"fix-net": (True, "disabled")})

    def test_no_such(self):
        self.assertEqual(self.refuse(3, "disable", "fix-nat"), "there is no patch fix-nat")
        self.assertEqual(self.error["hint"], "did you mean fix-net?")
        self.refuse(3, "enable", "nothing-like-it")

    def test_broken(self):
        self.assertIn("bad.conf:2: unknown key 'Enabeld'", self.refuse(78, "disable", "bad"))

    def test_said_behind_it(self):
        self.plant({f"{MANIFESTS}/fix-net.conf.d/90-mine.conf": "[Patch]\nEnabled=yes\n"})
        self.mark()
        self.assertIn("says Enabled=yes", self.refuse(1, "disable", "fix-net"))


class TwoNames(Changing):
    """The kernel identifies a patch by its module's name, so two patches cannot share one."""

    def test_install(self):
        path = self.place("x.ko", module("fix_net"))
        self.text("install", path, "--name=fix-a")
        self.mark()
        self.assertEqual(self.refuse(1, "install", path, "--name=fix-b"),
                         "the module fix_net is installed as fix-a already: "
                         f"/var/lib/lpd/modules/{KERNEL}/fix-a.ko")
        self.assertEqual(self.error["hint"], "install it under that name: --name=fix-a; or remove "
                         "the installed patch first: "
                                             "lpctl remove fix-a")
        self.text("install", path, "--name=fix_a")
        self.text("install", self.place("y.ko", module("fix_net", OTHER)), "--name=fix-b")   # for another kernel
        self.text("remove", "fix-a")
        self.text("install", path, "--name=fix-b")

    def test_by_hand(self):
        self.plant(manifest("fix-a"), manifest("fix-b"),
                   {f"{STORE}/{KERNEL}/fix-{x}.ko": module("fix_net", build_id="aa" * 20) for x in "ab"})
        actions = {a["name"]: (a["action"], a["reason"]) for a in self.json("apply", "--dry-run", status=1)["actions"]}
        self.assertEqual(actions["fix-a"][0], "load")
        self.assertEqual(actions["fix-b"], ("fail", "its module has the same name fix_net as that of fix-a, which is "
                                                    "loaded, or will be before"))
        for name, other in ("ab", "ba"):
            # If one of them is loaded, it keeps the module, whatever the order is.
            self.plant(loaded("fix_net"), result(f"fix-{name}", moduleName="fix_net"))
            states = {p["name"]: (p["state"], p["reason"]) for p in self.json("status")["patches"]}
            self.assertEqual(states[f"fix-{name}"], ("active", None))
            self.assertEqual(states[f"fix-{other}"][0], "failed")
            self.assertIn(f"as that of fix-{name}", states[f"fix-{other}"][1])
            (self.root / f"run/lpd/fix-{name}.json").unlink()


class DryRun(Changing):
    """Each verb says what it would do, does nothing, and then does exactly that."""

    def tried(self, *argv, status=0):
        """Returns what would change; the machine must not change. Then runs the verb for real,
        which must change exactly that."""
        self.mark()
        value = self.json_once(*argv, "--dry-run", status=status)
        self.assert_unchanged()
        self.assertEqual((value["dryRun"], value["changed"]), (True, False))
        self.assertEqual({p["changed"] for p in value["patches"]} - {False}, set())
        would = {p["name"]: (p["wouldChange"], p["message"]) for p in value["patches"]}
        done = self.json_once(*argv, status=status)
        self.assertNotIn("dryRun", done)
        self.assertEqual(value["wouldChange"], done["changed"])
        self.assertEqual({name: changes for name, (changes, _) in would.items()},
                         {p["name"]: p["changed"] for p in done["patches"]})
        return {name: message for name, (_, message) in would.items()}

    def test_install(self):
        path = self.place("fix-net.ko", module("fix_net"))
        later = f"for {KERNEL}; it will be loaded when that kernel boots"
        self.assertEqual(self.tried("install", path), {"fix-net": f"would be installed {later}"})
        self.assertEqual(self.tried("install", path), {"fix-net": f"installed already {later}"})
        for option in ("--stage=initrd", "--description=x", "--fixes=CVE-1,CVE-2"):
            self.assertEqual(self.tried("install", option, path), {"fix-net": f"would be installed {later}"})
            self.assertEqual(self.tried("install", option, path), {"fix-net": f"installed already {later}"})
        (self.scratch / "new").mkdir()
        build = self.place("new/fix-net.ko", module("fix_net", build_id="ab" * 20))
        self.assertEqual(self.tried("install", build), {"fix-net": f"would be installed {later}"})
        self.mark()
        self.refuse(6, "install", "--dry-run", self.place("other.ko", module("other", OTHER)), f"--kernel={KERNEL}")
        self.refuse(1, "install", "--dry-run", "/nonexistent.ko")

    def test_remove(self):
        self.text("install", self.place("fix-net.ko", module("fix_net")))
        self.text("install", "--name=fix-net", f"--kernel={OTHER}", self.place("o.ko", module("fix_net", OTHER)))
        self.assertEqual(self.tried("remove", f"--kernel={OTHER}"), {"fix-net": f"would be removed for {OTHER}"})
        self.assertEqual(self.tried("remove", f"--kernel={OTHER}", "fix-net"), {"fix-net": f"nothing installed for {OTHER}"})
        self.assertEqual(self.tried("remove", "fix_net", "nosuch"), {
            "fix-net": "would be removed", "nosuch": "there is no such patch, nothing to do"})

    def test_switch(self):
        self.text("install", self.place("fix-net.ko", module("fix_net")))
        self.assertEqual(self.tried("disable", "fix-net"), {"fix-net": "would be disabled"})
        self.assertEqual(self.tried("disable", "fix-net"), {"fix-net": "already disabled"})
        self.assertEqual(self.tried("enable", "fix-net"), {"fix-net": "would be enabled"})
        self.assertEqual(self.tried("enable", "fix-net"), {"fix-net": "already enabled"})
        self.refuse(3, "enable", "--dry-run", "nosuch")
        self.refuse(64, "load", "--dry-run", "fix-net")   # nothing can be loaded below another root

    def test_import(self):
        self.plant(KPATCH_UNIT, {f"/var/lib/kpatch/{KERNEL}/kp.ko": module("kp")})
        self.assertIn("kpatch.service would be disabled", self.text("import-kpatch", "--dry-run"))
        self.assertEqual(self.tried("import-kpatch"), {
            "kp": f"would be installed for {KERNEL}; it will be loaded at the next boot (--no-load)"})


class Import(Changing):
    """lpctl takes the patches of kpatch over, and the boot part."""

    def setUp(self):
        super().setUp()
        self.plant(KPATCH_UNIT, {f"/var/lib/kpatch/{KERNEL}/kp.ko": module("kp")})

    def is_enabled(self):
        return self.json("status")["kpatch"]["enabled"]

    def test_disables(self):
        self.assertIn("kpatch.service is enabled", self.text("status"))
        self.assertIn("kpatch.service is disabled", self.text("import-kpatch"))
        self.assertFalse(self.is_enabled())
        self.assertNotIn("kpatch.service", self.text("status"))
        before = tree_of(self.root)
        value = self.json("import-kpatch")
        self.assertFalse(value["changed"])
        self.assertEqual(tree_of(self.root), before)

    def test_what_could_not_be_taken(self):
        self.plant({f"/var/lib/kpatch/{KERNEL}/bad.ko": "no module"})
        said = self.lpctl("import-kpatch", status=5)
        self.assertRegex(said.stderr, r"bad\.ko.*not a kernel module")
        self.assertIn("kp: installed", said.stdout)
        self.assertIn("kpatch.service stays enabled", said.stdout + said.stderr)
        self.assertTrue(self.is_enabled())

    def test_alias(self):
        """The package that gives lpd that name is not meant."""
        unit = self.root / "usr/lib/systemd/system/kpatch.service"
        unit.unlink()
        self.assertFalse(self.is_enabled())   # removed, and a link is left
        unit.symlink_to("lpd.service")
        self.assertFalse(self.is_enabled())

    def test_silenced(self):
        self.plant({"/etc/lpd/lpd.conf.d/10-silence.conf": "[Warnings]\nSilence=kpatch\n"})
        self.assertNotIn("kpatch.service", self.text("status"))


class OneAtATime(Changing):
    """A second command waits, and names the one that it waits for."""

    def test_waits(self):
        lock = self.root / "run/lpd/changes.lock"
        lock.parent.mkdir(parents=True)
        lock.write_text("process 42 (lpctl install other.ko)")
        lock.chmod(0o600)
        self.mark()
        with lock.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            path = self.place("fix-net.ko", module("fix_net"))
            second = subprocess.Popen([LPCTL, f"--root={self.root}", "install", path], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
            self.assertEqual(second.stderr.readline(),
                             "lpctl: waiting for process 42 (lpctl install other.ko) to end\n")
            self.assert_unchanged()
            for verb in ("status", "list", "lint", "cat-config"):   # read-only verbs do not wait
                self.lpctl(verb)
        said, complained = second.communicate(timeout=20)
        self.assertEqual((second.returncode, complained), (0, ""))
        self.assertIn("fix-net: installed for", said)
        del self.before["run/lpd/changes.lock"]
        self.assertEqual(self.added(), self.wanted("fix-net", module("fix_net")))

    def test_interrupted(self):
        """A waiting command stops at each of these signals, says so, and has changed nothing."""
        lock = self.root / "run/lpd/changes.lock"
        lock.parent.mkdir(parents=True)
        lock.write_text("process 42 (lpctl install other.ko)")
        lock.chmod(0o600)
        path = self.place("fix-net.ko", module("fix_net"))
        self.mark()
        with lock.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            for name in ("SIGINT", "SIGHUP", "SIGTERM"):
                second = subprocess.Popen([LPCTL, f"--root={self.root}", "install", path], stdout=subprocess.PIPE,
                                          stderr=subprocess.PIPE, text=True)
                second.stderr.readline()
                second.send_signal(getattr(signal, name))
                said, complained = second.communicate(timeout=20)
                self.assertEqual((second.returncode, said, complained), (
                    1, "", f"lpctl: interrupted by {name}: nothing is changed: process 42 (lpctl install other.ko) is "
                           "still changing patches\n"))
                self.assert_unchanged()

    def test_in_the_way(self):
        self.plant({"run/lpd/changes.lock": Link("/etc/passwd")})
        self.mark()
        self.assertIn("cannot lock /run/lpd/changes.lock", self.refuse(1, "remove", "fix-net"))


class ImportKpatch(Changing):
    def kpatch(self, release, name, data):
        self.plant({f"/var/lib/kpatch/{release}/{name}": data})

    def test_nothing(self):
        self.assertEqual(self.change("import-kpatch"), (False, {}))
        self.assert_unchanged()

    def test_all_kernels(self):
        for release, name in itertools.product((KERNEL, OTHER), ("livepatch-a", "livepatch-b")):
            self.kpatch(release, f"{name}.ko", module(name.replace("-", "_"), release))
        self.kpatch(KERNEL, "README", b"not one")
        self.kpatch("", "stray", b"a file")
        self.mark()
        self.assertEqual(self.change("import-kpatch")[0], True)
        wanted = {}
        for release, name in itertools.product((KERNEL, OTHER), ("livepatch-a", "livepatch-b")):
            wanted |= self.wanted(name, module(name.replace("-", "_"), release), release)
        self.assertEqual(self.added(), wanted)
        self.mark()
        self.assertEqual(self.change("import-kpatch")[0], False)
        self.assert_unchanged()

    def test_each_failure_is_told(self):
        for release in (KERNEL, OTHER):
            self.kpatch(release, "bad-1.ko", b"no module")
            self.kpatch(release, "bad-2.ko", b"")
        self.kpatch(OTHER, "wrong.ko", module("wrong", KERNEL))
        self.kpatch(OTHER, "good.ko", module("good", OTHER))
        self.mark()
        changed, patches = self.change("import-kpatch", status=5)
        self.assertEqual(self.added(), self.wanted("good", module("good", OTHER), OTHER))
        told = [self.error["message"], *(message for c, message in patches.values() if not c)]
        for file in (f"{KERNEL}/bad-1.ko", f"{KERNEL}/bad-2.ko", f"{OTHER}/bad-1.ko", f"{OTHER}/bad-2.ko",
                     f"{OTHER}/wrong.ko"):
            self.assertEqual(sum(f"/var/lib/kpatch/{file}" in m for m in told), 1, f"{file}: {told}")

    def test_only_roots(self):
        """A file there may belong to any user, but the copy would belong to root."""
        self.kpatch(KERNEL, "livepatch-a.ko", module("livepatch_a"))
        file = self.root / f"var/lib/kpatch/{KERNEL}/livepatch-a.ko"
        for place, mode in ((file, 0o666), (file.parent, 0o777)):
            before = place.stat().st_mode
            place.chmod(mode)
            self.mark()
            self.assertIn("can be written by everybody", self.refuse(5, "import-kpatch"))
            place.chmod(before)

    def test_wrong_place(self):
        self.kpatch(OTHER, "wrong.ko", module("wrong", KERNEL))
        self.mark()
        self.assertEqual(self.refuse(6, "import-kpatch"),
                         f"wrong.ko: built for the kernel {KERNEL}, not for {OTHER} (/var/lib/kpatch/{OTHER}/wrong.ko)")


class Running(Changing):
    """Verbs for the running kernel do nothing with --root=."""

    def test_refused(self):
        self.plant(manifest("fix-net"), loaded("fix_net"), result("fix-net"))
        self.mark()
        path = self.place("fix-net.ko", module("fix_net"))
        for argv in (("load", "fix-net"), ("load", path), ("load", path, "a=1"), ("unload", "fix-net"),
                     ("unload", path), ("load", "--wait", "fix-net"), ("load", "no-such")):
            self.assertEqual(self.refuse(64, *argv),
                             "this command cannot be used with --root=")
        value = self.json_once("apply", status=64)
        self.assertEqual(value["error"]["hint"], None)
        self.assertEqual(self.lpctl("apply", status=64).stdout, "")
        self.assert_unchanged()


if __name__ == "__main__":
    unittest.main()
