#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kpatch: the command line, the messages and the statuses of dynup/kpatch 0.9.11, and what programs
that were written for it read from them. tests/unit/compat has what needs a kernel that loads."""

import re
import shutil
import subprocess
import unittest

from live import *

OTHER = "5.14.0-362.8.1.el9_3.x86_64"
INSTALLED = f"/var/lib/kpatch/{RELEASE}"
RHEL = "kpatch_5_14_0_362_8_1"


def modinfo():
    return shutil.which("modinfo", path="/usr/sbin:/sbin:/usr/bin")


class Kpatch(Live):
    def setUp(self):
        super().setUp()
        self.module = module("fix_net", RELEASE, build_id=BUILD_IDS["fix_net"])
        self.plant({"/fix-net.ko": self.module})

    def kpatch(self, *argv, status=0, **options):
        done = self.lpctl(*argv, name="kpatch", status=status, **options)
        if status == 0 and "warns" not in options:
            self.assertEqual(done.stderr, "")
        return done

    def fails(self, message, *argv, out="", **options):
        """Refused with that message, which does not change the machine."""
        before = tree_of(self.root)
        done = self.kpatch(*argv, status=1, **options)
        self.assertEqual((done.stdout, done.stderr), (out, f"kpatch: {message}\n"))
        self.assertEqual(tree_of(self.root), before)


class Usage(Kpatch):
    def test_usage(self):
        for argv in ((), ("help",), ("-h",), ("--help",), ("load",), ("load", "a", "b"), ("unload",), ("unload", "a", "b"),
                     ("list", "x"), ("list", "--functions", "x"), ("info",), ("info", "a", "b"), ("signal", "x"),
                     ("install", "/a.ko", "/b.ko"), ("uninstall", "a", "b")):
            done = self.kpatch(*argv, status=1)
            self.assertEqual(done.stdout, "", argv)
            self.assertRegex(done.stderr, r"\Ausage: kpatch <command> \[<args>\]\n\nValid commands:\n", argv)
        for verb in ("install", "uninstall", "load", "unload", "info", "list", "signal", "version"):
            self.assertRegex(done.stderr, rf"(?m)^   {verb}\b")

    def test_unknown(self):
        for verb in ("force", "nosuch", "--all", ""):
            done = self.kpatch(verb, status=1)
            self.assertEqual(done.stdout, f"subcommand {verb} not recognized\n")
            self.assertRegex(done.stderr, r"\Ausage: ")

    def test_version(self):
        for word in ("version", "-v", "--version"):
            self.assertEqual(self.kpatch(word).stdout, "0.9.11\n")

    def test_privileges(self):
        self.plant({f"{INSTALLED}/fix-a.ko": self.module})
        for argv in (("install", "/fix-net.ko"), ("uninstall", "fix-a"), ("load", "/fix-net.ko"), ("load", "fix-a"),
                     ("load", "--all"), ("unload", "fix_net"), ("unload", "--all")):
            before = tree_of(self.root)
            done = self.kpatch(*argv, status=1, user="65534:65534")
            self.assertIn(f"needs root\n        log in as root and run: kpatch {' '.join(argv)}\n", done.stderr)
            self.assertEqual(tree_of(self.root), before)


class Install(Kpatch):
    def test_install(self):
        self.assertEqual(self.kpatch("install", "/fix-net.ko").stdout, f"installing /fix-net.ko ({RELEASE})\n")
        path = self.root / INSTALLED.lstrip("/")
        self.assertEqual([p.name for p in path.iterdir()], ["fix-net.ko"])
        self.assertEqual((path / "fix-net.ko").read_bytes(), self.module)
        self.assertEqual((path / "fix-net.ko").stat().st_mode, 0o100644)
        self.assertEqual(self.kpatch("list").stdout, f"Loaded patch modules:\n\nInstalled patch modules:\nfix_net ({RELEASE})\n")
        self.fails("/fix-net.ko is already installed", "install", "/fix-net.ko")
        self.plant({"/fix_net.ko": self.module})   # the same patch, spelled differently
        self.fails("/fix_net.ko is already installed", "install", "/fix_net.ko")

    def test_options(self):
        self.plant({"/other.ko": module("other", OTHER)})
        for options in (("-k", OTHER), (f"-k{OTHER}",), ("--kernel-version", OTHER), (f"--kernel-version={OTHER}",)):
            for before in (True, False):
                argv = (*options, "/other.ko") if before else ("/other.ko", *options)
                self.assertEqual(self.kpatch("install", *argv).stdout, f"installing /other.ko ({OTHER})\n")
                self.assertTrue((self.root / f"var/lib/kpatch/{OTHER}/other.ko").exists())
                argv = (*options, "other.ko") if before else ("other.ko", *options)
                self.assertEqual(self.kpatch("uninstall", *argv).stdout, f"uninstalling other.ko ({OTHER})\n")
                self.assertFalse((self.root / "var/lib/kpatch").exists())
        for verb in ("install", "uninstall"):
            self.fails("no module file specified", verb)
            self.fails("no module file specified", verb, "-k", OTHER)
            for argv in (("--nosuch", "/fix-net.ko"), ("/fix-net.ko", "-k")):
                self.assertRegex(self.kpatch(verb, *argv, status=1).stderr, r"\Akpatch: .*option.*\nkpatch: getopt failed\n\Z")
            for release in ("../../etc", "", "a/b", ".", "..", "-x"):
                self.fails(f"'{release}' is not a kernel version", verb, f"--kernel-version={release}", "fix-net.ko")

    def test_refused(self):
        self.plant({"/other.ko": module("other", OTHER), "/text.ko": "no module", "/fix.xz": self.module,
                    "/plain.ko": module("plain", RELEASE, livepatch=False), "/dir.ko": None})
        self.fails("/nosuch.ko doesn't exist", "install", "/nosuch.ko")
        self.fails("/fix.xz isn't a .ko file", "install", "/fix.xz")
        self.fails(f"invalid module version {OTHER} for kernel {RELEASE}", "install", "/other.ko")
        self.fails(f"invalid module version {RELEASE} for kernel {OTHER}", "install", "-k", OTHER, "/fix-net.ko")
        self.fails("/plain.ko is not a live patch", "install", "/plain.ko")
        for path in ("/text.ko", "/dir.ko"):
            before = tree_of(self.root)
            self.assertRegex(self.kpatch("install", path, status=1).stderr, rf"\Akpatch: {path[1:]}: ")
            self.assertEqual(tree_of(self.root), before)

    def test_uninstall(self):
        self.fails(f"fix-net is not installed for kernel {RELEASE}", "uninstall", "fix-net")
        for name in ("fix-net.ko", "fix_net.ko", "fix-net", "fix_net"):
            self.plant({f"{INSTALLED}/fix-net.ko": self.module, f"{INSTALLED}/fix-netz.ko": self.module})
            for other in ("fix", "fix-net.ko.ko", "net"):
                self.fails(f"{other} is not installed for kernel {RELEASE}", "uninstall", other)
            self.fails("please supply patch module name without path", "uninstall", f"{INSTALLED}/fix-net.ko")
            self.assertEqual(self.kpatch("uninstall", name).stdout, f"uninstalling {name} ({RELEASE})\n")
            self.assertEqual([p.name for p in (self.root / INSTALLED[1:]).iterdir()], ["fix-netz.ko"])

    def test_label(self):
        try:
            os.setxattr(self.root, "security.selinux", b"a:b:c:s0\0")
        except OSError:
            self.skipTest("this file system has no labels")
        path = self.root / INSTALLED[1:] / "fix-net.ko"
        self.kpatch("install", "/fix-net.ko")
        self.assertNotIn("security.selinux", os.listxattr(path))   # SELinux is off
        self.kpatch("uninstall", "fix-net")
        self.plant({"/sys/fs/selinux/enforce": "1"})
        self.kpatch("install", "/fix-net.ko")
        self.assertEqual(os.getxattr(path, "security.selinux"), b"system_u:object_r:modules_object_t:s0\0")


class Load(Kpatch):
    def test_refused(self):
        """Under the default policy, with lpd's own reason; by path, by name, and with all others."""
        self.plant({"/etc/lpd/lpd.conf": "", f"{INSTALLED}/fix-left.ko": module("fix_left", RELEASE)})
        for argument, path in (("/fix-net.ko", "/fix-net.ko"), ("fix-left.ko", f"{INSTALLED}/fix-left.ko"),
                               ("fix-left", f"{INSTALLED}/fix-left.ko"), ("--all", f"{INSTALLED}/fix-left.ko")):
            done = self.kpatch("load", argument, status=1)
            self.assertEqual(done.stdout, f"loading patch module: {path}\n")
            self.assertRegex(done.stderr, rf"\Akpatch: [^\n]*unsigned[^\n]*\n(        \S[^\n]*\n)?"
                                          rf"kpatch: failed to load module {re.escape(path)}\n\Z")

    def test_missing(self):
        self.plant({f"/var/lib/kpatch/{OTHER}/other.ko": self.module, "/other": self.module})
        for name in ("nosuch", "nosuch.ko", "/nosuch.ko", "other", "/other", "../x.ko"):
            self.fails(f"can't find {name}", "load", name)
            self.fails(f"can't find {name}", "info", name)
        self.assertEqual(self.kpatch("load", "--all").stdout, "")
        self.fails("patch module nosuch is not loaded\nkpatch: failed to disable module nosuch", "unload", "nosuch.ko")
        self.assertEqual(self.kpatch("unload", "--all").stdout, "")

    def test_loaded(self):
        self.plant(loaded("fix_net"), result("fix-net"), {f"{INSTALLED}/fix-net.ko": self.module})
        for argument in ("/fix-net.ko", "fix-net.ko", "fix-net", "fix_net", "--all"):
            self.assertEqual(self.kpatch("load", argument).stdout, "module named fix_net already loaded and enabled\n")


class Readers(Kpatch):
    """What known programs do with the output of `kpatch list`."""

    def machine(self, **states):
        for name, (enabled, transition) in states.items():
            BUILD_IDS.setdefault(name, "77" * 20)
            self.plant(loaded(name, enabled, transition))

    def listed(self, *argv):
        texts = {self.kpatch("list", *argv, user=user).stdout for user in ("0:0", "65534:65534")}
        self.assertEqual(len(texts), 1)
        return texts.pop()

    def cockpit(self, text):
        """pkg/packagekit/kpatch.tsx"""
        parts = text.strip().split("\n\n")
        self.assertEqual(len(parts), 2, text)
        self.assertTrue(parts[0].startswith("Loaded patch modules:") and parts[1].startswith("Installed patch modules:"))
        return tuple([line.split(" ")[0] for line in part.split("\n")[1:]] for part in parts)

    def insights(self, text):
        """insights/parsers/kpatch_list.py"""
        found, there = ({}, {}), None
        for line in text.splitlines():
            if not line.strip():
                continue
            if line in ("Loaded patch modules:", "Installed patch modules:"):
                there = found[line.startswith("Installed")]
                continue
            name, info = (word.strip("()[]") for word in line.split())
            there[name] = info
        return found

    def newest(self, text, version):
        """%post of RHEL's kpatch-patch: whether it may load that version."""
        script = f"""{{ sed -nr "s/^{RHEL}_([0-9_]+)\\ \\[enabled\\]$/\\1/p"; echo {version}; }} | sort -V | tail -1"""
        return subprocess.run(["sh", "-c", script], input=text, capture_output=True, text=True, check=True).stdout.strip()

    def azure(self, text, pattern):
        return subprocess.run(["grep", "-qP", pattern], input=text, text=True).returncode == 0

    def test_nothing(self):
        text = self.listed()
        self.assertEqual(text, "Loaded patch modules:\n\nInstalled patch modules:\n")
        self.assertEqual((self.cockpit(text), self.insights(text)), (([], []), ({}, {})))
        shutil.rmtree(self.root / "sys/kernel/livepatch")
        self.assertEqual(self.listed(), text)

    def test_states(self):
        self.machine(lp_off=(0, 0), lp_on=(1, 0), lp_turning_off=(0, 1), lp_turning_on=(1, 1))
        self.plant({f"{INSTALLED}/lp-on.ko": "", f"/var/lib/kpatch/{OTHER}/{RHEL}_1_2.ko": "",
                    f"{INSTALLED}/two words.ko": "", f"{INSTALLED}/notes.txt": "", "/var/lib/kpatch/a b/x.ko": "",
                    "/var/lib/kpatch/readme": ""},
                   task(7, 8, "stuck task", 0, stack="[<0>] schedule\n"))
        text = self.listed()
        installed = sorted([f"lp_on ({RELEASE})", f"{RHEL}_1_2 ({OTHER})"], key=lambda line: line.split()[1])
        self.assertEqual(text.split("\n\n")[0].splitlines()[1:], [
            "lp_off [disabled]", "lp_on [enabled]", "lp_turning_off [disabling...]", "lp_turning_on [enabling...]"])
        self.assertEqual(sorted(text.split("\n\n")[1].splitlines()[1:], key=lambda line: line.split()[1]), installed)
        self.assertEqual(self.cockpit(text)[0], ["lp_off", "lp_on", "lp_turning_off", "lp_turning_on"])
        self.assertEqual(self.insights(text), (
            {"lp_off": "disabled", "lp_on": "enabled", "lp_turning_off": "disabling...", "lp_turning_on": "enabling..."},
            {"lp_on": RELEASE, f"{RHEL}_1_2": OTHER}))

    def test_functions(self):
        self.machine(lp_on=(1, 0), lp_off=(0, 0))
        self.assertEqual(self.listed("--functions"), self.listed() + "\nCurrently livepatched functions:\n"
                                                                     "lp_on vmlinux/cmdline_proc_show,1\n")

    def test_rhel(self):
        """Only what is enabled counts, and 1_10 is newer than 1_9."""
        self.machine(**{f"{RHEL}_1_10": (1, 0), f"{RHEL}_1_11": (1, 1), f"{RHEL}_1_12": (0, 0)})
        text = self.listed()
        self.assertEqual([self.newest(text, version) for version in ("1_9", "1_10", "1_11")], ["1_10", "1_10", "1_11"])

    def test_azure(self):
        name = "livepatch_5_15_122_1_1_cm2_1_0_0_1_cm2"
        installed, enabled = f"{name}.*{RELEASE}", f"{name}.*enabled"
        text = self.listed()
        self.assertFalse(self.azure(text, installed) or self.azure(text, enabled))
        self.plant({f"/{name}.ko": module(name, RELEASE)})
        self.kpatch("install", f"/{name}.ko")
        text = self.listed()
        self.assertTrue(self.azure(text, installed))
        self.assertFalse(self.azure(text, enabled))
        self.machine(**{name: (1, 0)})
        self.assertTrue(self.azure(self.listed(), enabled))
        self.kpatch("uninstall", name)
        self.assertFalse(self.azure(self.listed(), installed))


class Others(Kpatch):
    @unittest.skipUnless(modinfo(), "no modinfo")
    def test_info(self):
        self.plant({f"{INSTALLED}/fix-net.ko": self.module})
        done = self.kpatch("info", "fix_net", status=1)
        self.assertEqual(done.stderr, "kpatch: failed to get info for module fix_net\n")
        (self.root / "usr/sbin").mkdir()
        shutil.copy(modinfo(), self.root / "usr/sbin/modinfo")
        for argument in ("fix_net", "fix-net", "fix-net.ko", "/fix-net.ko"):
            # the current directory is /
            path = "/fix-net.ko" if argument.endswith(".ko") else f"{INSTALLED}/fix-net.ko"
            text = self.kpatch("info", argument).stdout
            self.assertRegex(text, rf"\APatch information for {argument}:\nfilename: +{path}\n")
            self.assertIn(f"vermagic:       {RELEASE} SMP", text)

    def test_signal(self):
        done = self.kpatch("signal")
        self.assertEqual(done.stdout + done.stderr, "")
        self.plant(loaded("fix_net", transition=1))
        done = self.kpatch("signal", warns=True)
        self.assertEqual((done.stdout, done.stderr), (
            "", "kpatch: Livepatch process signaling is performed automatically on your system.\n"
                "kpatch: Skipping manual process signaling.\n"))


if __name__ == "__main__":
    unittest.main()
