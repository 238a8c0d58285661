#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl without --root=, as root of a machine of files: a mount namespace with a /sys of its own,
so that nothing reaches the real kernel."""

import errno
import fcntl
import pty
import re
import struct
import termios
import unittest

from live import *


class DryRun(Live):
    """Each verb that changes the running kernel says what it would do, and does nothing."""

    def setUp(self):
        super().setUp()
        self.plant(
            manifest("fix-net"), manifest("fix-left"), manifest("fix-none"), manifest("fix-off", "Enabled=no"),
            {f"/var/lib/lpd/modules/{RELEASE}/{name}.ko": module(name.replace("-", "_"), RELEASE,
                                                                  build_id=BUILD_IDS.get(name.replace("-", "_"), "77" * 20))
             for name in ("fix-net", "fix-left", "fix-off")},
            {"/root.ko": module("fix_new", RELEASE, build_id=BUILD_IDS["fix_new"])},
            loaded("fix_net"), result("fix-net"))

    def would(self, *argv, status=0):
        """What --dry-run says would be done to each patch. It does nothing."""
        before = tree_of(self.root)
        value = self.json_once(*argv, "--dry-run", status=status)
        text = self.lpctl(*argv, "--dry-run", status=status).stdout
        self.assertEqual(tree_of(self.root), before)
        self.assertEqual((value["dryRun"], value["changed"]), (True, False))
        for patch in value["patches"]:
            self.assertFalse(patch["changed"])
            self.assertIn(f"{patch['name']}: {patch['message']}\n", text)
        self.assertEqual(value["wouldChange"], any(p["wouldChange"] for p in value["patches"]))
        return {p["name"]: (p["wouldChange"], p["message"]) for p in value["patches"]}

    def test_load(self):
        self.assertEqual(self.would("load", "fix_net", "fix-left", "fix-off"), {
            "fix-net": (False, "loaded already"), "fix-left": (True, "would be loaded"), "fix-off": (True, "would be loaded")})
        self.assertEqual(self.would("load", "fix-none", status=6), {})   # as the load itself
        self.lpctl("load", "fix-none", status=6)
        self.assertEqual(self.would("load", "nosuch", status=3), {})
        self.assertEqual(self.would("load", "/root.ko", "a=1"), {"fix_new": (True, "would be loaded until the next boot")})
        self.plant(loaded("fix_new"))
        self.assertEqual(self.would("load", "/root.ko"), {"fix_new": (False, "loaded already")})

    def test_unload(self):
        self.assertEqual(self.would("unload", "fix-net", "fix-left"), {
            "fix-net": (True, "would be unloaded"), "fix-left": (False, "was not loaded")})
        self.assertEqual(self.would("unload", "nosuch", status=3), {})

    def test_switch(self):
        self.assertEqual(self.would("disable", "--now", "fix-net", "fix-off"), {
            "fix-net": (True, "would be disabled and would be unloaded"), "fix-off": (False, "already disabled")})
        self.assertEqual(self.would("enable", "--now", "fix-net", "fix-off", "fix-left"), {
            "fix-net": (False, "already enabled"), "fix-off": (True, "would be enabled and would be loaded"),
            "fix-left": (True, "is already enabled and would be loaded")})

    def test_remove(self):
        self.assertEqual(self.would("remove", "fix-net", "fix-left", "nosuch"), {
            "fix-net": (True, "would be unloaded and removed"), "fix-left": (True, "would be removed"),
            "nosuch": (False, "there is no such patch, nothing to do")})

    def test_apply(self):
        before = tree_of(self.root)
        value = self.json_once("apply", "--dry-run")
        self.assertEqual(tree_of(self.root), before)
        self.assertEqual({a["name"]: (a["action"], a["wouldChange"]) for a in value["actions"]}, {
            "fix-net": ("keep", False), "fix-left": ("load", True), "fix-none": ("skip", False), "fix-off": ("skip", False)})


class Progress(Live):
    """What takes longer than two seconds says what it does: the transition of this patch never ends."""

    NAME = "a-patch-with-the-longest-name-that-the-kernel-can-have"
    WHAT = f"Waiting for the transition of {NAME}"
    ERASE = "\r\x1b[K"

    def setUp(self):
        super().setUp()
        module_name = self.NAME.replace("-", "_")
        BUILD_IDS[module_name] = "10" * 20
        self.plant(manifest(self.NAME), loaded(module_name, transition=1), result(self.NAME, complete=False),
                   {f"/var/lib/lpd/modules/{RELEASE}/{self.NAME}.ko": module(module_name, RELEASE, build_id="10" * 20)})

    def start(self, columns, *argv):
        """Standard error of such a load: at a terminal of that width, or in a pipe."""
        env = os.environ | {"LC_ALL": "C.UTF-8", "LPCTL_DIRECTORY": os.path.dirname(LPCTL), "LPCTL_USER": "0:0", "PROGRAM": "lpctl"}
        ours, theirs = pty.openpty() if columns else os.pipe()
        if columns:
            fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        process = subprocess.Popen(["unshare", "-m", "sh", "-c", MOUNTS, self.root, "load", self.NAME, *argv], env=env,
                                   stdin=subprocess.DEVNULL, stdout=theirs if columns else subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        return process, ours

    def end(self, process, fd):
        said = b""
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError as e:
                self.assertEqual(e.errno, errno.EIO)   # no process has the terminal open any more
                break
            if not data:
                break
            said += data
        os.close(fd)
        self.assertEqual(process.wait(20), 8, said)
        return re.sub(r"lpctl: waiting for (another )?process [^\n]*\n", "", said.decode().replace("\r\n", "\n"))   # for the others

    def test_progress(self):
        calls = {"80": (80, "--wait=5"), "120": (120, "--wait=5"), "pipe": (0, "--wait=5"), "fast": (80, "--wait=1"),
                 "quiet": (80, "-q", "--wait=4"), "quiet pipe": (0, "-q", "--wait=4"),
                 "json pipe": (0, "--json=short", "--wait=4")}
        running = {name: self.start(*argv) for name, argv in calls.items()}
        said = {name: self.end(*call) for name, call in running.items()}
        for columns in (80, 120):
            first, *shown = said[str(columns)].split(self.ERASE)
            self.assertEqual(first, "")
            last = shown.pop()   # the line is empty again before anything else is said
            self.assertIn("not finished", last)
            self.assertGreater(len(shown), 1, said)
            for line in shown:
                self.assertRegex(line, r"^Waiting for the transition of a-patch-.* \([2-9] s.*\)$")
                self.assertLess(len(line), columns)
        self.assertIn(self.WHAT, said["120"])
        self.assertNotIn(self.WHAT, said["80"])   # it is shortened, and the seconds are not
        self.assertRegex(said["pipe"], rf"^lpctl: {self.WHAT} \([23] s.*\)\nlpctl: ")
        self.assertEqual(said["pipe"].count(self.WHAT), 1)
        for name in ("fast", "quiet", "quiet pipe", "json pipe"):
            self.assertNotIn("Waiting", said[name], name)


class Elevation(Live):
    """A user without privileges gets the exact command to type, with the installed program to
    become root."""

    VERBS = (["install", "./fix-net.ko"], ["remove", "x"], ["remove", "--kernel=5.10.0"], ["enable", "x"], ["disable", "x"],
             ["disable", "--now", "x"], ["import-kpatch"], ["load", "x"], ["load", "./fix-net.ko"], ["unload", "x"],
             ["apply"], ["lock"], ["lock", "--yes"])

    def says(self, how, argv):
        done = self.lpctl(*argv, status=4, user="65534:65534")
        self.assertEqual((done.stdout, done.stderr), (
            "", f"lpctl: this changes the machine and needs root\n       {how} lpctl {' '.join(argv)}\n"))
        value = json.loads(self.lpctl("--json=short", *argv, status=4, user="65534:65534").stdout)
        self.check_schema(argv[0], value, 4)

    def test_every_verb(self):
        self.plant({"/usr/bin/run0": ""})
        for argv in self.VERBS:
            self.says("run: run0", argv)

    def test_every_program(self):
        argv = self.VERBS[0]
        self.says("log in as root and run:", argv)
        for program, command in (("pkexec", "pkexec --keep-cwd"), ("doas", "doas"), ("run0", "run0"), ("sudo", "sudo")):
            self.plant({f"/usr/bin/{program}": ""})
            self.says(f"run: {command}", argv)


if __name__ == "__main__":
    unittest.main()
