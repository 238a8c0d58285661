#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How lpctl is called: usage, help, output streams, exit statuses, and privileges."""

import json
import os
import pty
import re
import shutil
import unittest

from machine import *

NOBODY = 65534


class Usage(Case):
    def refused(self, *argv):
        """Exit status 64, one line on standard error, and nothing else."""
        done = self.run_bare(*argv)
        self.assertEqual((done.returncode, done.stdout), (64, ""), f"{argv}: {done.stderr}")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr.rstrip("\n")

    def test_verbs(self):
        for word, near in (("instal", "install"), ("stats", "status"), ("STATUS", "status"),
                           ("unlaod", "unload"), ("cat-confg", "cat-config"), ("blockign", "blocking")):
            self.assertEqual(self.refused(word),
                             f"lpctl: unknown command '{word}', did you mean '{near}'?; see lpctl --help")
        for word, quoted in (("", ""), ("frobnicate-everything",) * 2, ("x" * 100000, "x" * 96 + "…"), ("\x1b[2J\n", "?[2J?")):
            self.assertEqual(self.refused(word), f"lpctl: unknown command '{quoted}'; see lpctl --help")

    def test_options(self):
        for word, near in (("--jsn", "--json"), ("--rot=/", "--root"), ("--dryrun", "--dry-run"),
                           ("--no-legends", "--no-legend"), ("--chekc", "--check")):
            bare = word.split("=")[0]
            self.assertEqual(self.refused("status", word),
                             f"lpctl: unknown option '{bare}', did you mean '{near}'?; see lpctl --help")
        self.assertEqual(self.refused("-x"), "lpctl: unknown option '-x'; see lpctl --help")
        self.assertEqual(self.refused("--frobnicate"),
                         "lpctl: unknown option '--frobnicate'; see lpctl --help")

    def test_values(self):
        self.assertEqual(self.refused("--json=prety"), "lpctl: --json= takes pretty, short or off, not "
                                                       "'prety', did you mean 'pretty'?; see lpctl --help")
        for argv in (["--json="], ["--json"], ["--root"], ["--quiet=yes"], ["--dry-run=1", "apply"],
                     ["install", "--stage=boot", "x"], ["install", "--stage=", "x"],
                     ["load", "--wait=soon", "x"], ["load", "--wait=-1", "x"], ["load", "--wait=", "x"],
                     ["list", "--output=json"], ["list", "-o"], ["log", "-n", "x"], ["log", "--lines="]):
            self.refused(*argv)

    def test_arguments(self):
        for argv in (["show"], ["why"], ["why", "a", "b"], ["install"], ["remove"], ["enable"], ["disable"],
                     ["load"], ["unload"], ["help", "a", "b"], ["metrics", "x"], ["cat-config", "x"],
                     ["apply", "x"], ["lock", "x"], ["import-kpatch", "x"], ["blocking", "a", "b"]):
            self.assertRegex(self.refused(f"--root={self.root}", *argv), rf"^usage: lpctl {argv[0]} ?\S*")

    def test_options_of_other_verbs(self):
        for verb, *argv in (["status", "--dry-run"], ["list", "--check"], ["why", "-o", "wide", "x"], ["show", "--full", "x"], ["status", "--follow"], ["install", "--now", "x"],
                            ["remove", "--name=x", "y"], ["enable", "--wait", "x"], ["apply", "--no-load"],
                            ["load", "--kernel=1", "x"], ["unload", "--wait", "x"],
                            ["load", "--ignore-missing", "x"]):
            option = {"-o": "--output"}.get(argv[0], argv[0].split("=")[0])
            self.assertEqual(self.refused(f"--root={self.root}", verb, *argv),
                             f"lpctl: {option} cannot be used with {verb}; see lpctl help {verb}")

    def test_root(self):
        file = self.place("file", b"")
        fifo = self.scratch / "fifo"
        os.mkfifo(fifo)
        loop = self.scratch / "loop"
        loop.symlink_to("loop")
        for root in ("", self.scratch / "absent", file, fifo, loop, "/dev/zero", "/proc/self/environ"):
            self.assertRegex(self.refused(f"--root={root}", "status"), rf"^lpctl: --root={root}: [A-Z]")
            done = self.run_bare(f"--root={root}", "status", "--json=short")
            self.assertEqual((done.returncode, done.stderr), (64, ""))
            self.check_schema("status", json.loads(done.stdout), 64)

    def test_log_of_another_machine(self):
        """It shows that machine's journal, not this one's."""
        program = self.place("journalctl", b"#!/bin/sh\necho \"$@\"\n")
        program.chmod(0o755)
        path = {"PATH": f"{self.scratch}:{os.environ['PATH']}"}
        said = self.run_bare(f"--root={self.root}", "log", "fix-net", env=path).stdout.split()
        self.assertEqual(said[0], f"--root={self.root}")
        self.assertIn("LPD_PATCH=fix-net", said)
        self.assertNotIn("--root", self.run_bare("log", env=path).stdout)
        self.assertIn("is not a patch name", self.lpctl("log", "../x", status=64).stderr)
        self.assertIn("cannot run journalctl: ", self.lpctl("log", status=1, env={"PATH": ""}).stderr)

    def test_options_after_arguments(self):
        self.plant(kernel(KERNEL))
        self.assertEqual(self.run_bare("list", "--no-legend", f"--root={self.root}").stdout, "")


class Help(Case):
    def test_help(self):
        text = self.run_bare("--help").stdout
        lines = text.splitlines()
        self.assertEqual([line for line in lines if len(line) > 80], [])
        for argv in (["-h"], ["help"], ["help", "--no-pager"]):
            self.assertEqual(self.run_bare(*argv).stdout, text)
        columns = {re.match(r"  \S.*?  +(?=[A-Z])", line).end() for line in lines if line.startswith("  ")}
        self.assertEqual(len(columns), 1, "one column of descriptions")

    def test_help_of_a_verb(self):
        text = self.run_bare("help", "install").stdout
        self.assertEqual(self.run_bare("install", "--help").stdout, text)
        self.assertIn("\n  --wait[=TIME] ", text)
        self.assertNotIn("--check", text)
        self.assertIn("\nExample:\n  lpctl install --wait=1min ./fix-nft.ko\n", text)
        done = self.run_bare("help", "instal")
        self.assertEqual((done.returncode, done.stderr), (64, "lpctl: unknown command 'instal', did you mean "
                                                              "'install'?; see lpctl --help\n"))

    def test_log(self):
        """It passes the options to journalctl in journalctl's own form."""
        asked = self.place("journalctl", b'#!/bin/sh\nprintf "%s\\n" "$@"\n')
        asked.chmod(0o755)
        self.plant(manifest("fix-a"))

        def log(*argv):
            done = self.run_bare(f"--root={self.root}", "log", *argv, env={"PATH": f"{self.scratch}:/usr/bin:/bin"})
            return [word for word in done.stdout.split("\n")[:-1] if not word.startswith("MESSAGE_ID=")]

        root = f"--root={self.root}"
        self.assertEqual(log(), [root])
        self.assertEqual(log("fix_a", "other"), [root, "LPD_PATCH=fix-a", "LPD_PATCH=other"])
        self.assertEqual(log("-n", "5", "-f"), [root, "--lines=5", "--follow"])
        self.assertEqual(log("--lines=5", "--follow", "-q"), ["--quiet", root, "--lines=5", "--follow"])
        for argv, wanted in ((["-b"], []), (["-b", "-1"], ["-1"]), (["-b-1"], ["-1"]), (["--boot=-1"], ["-1"]),
                             (["-b", "0" * 32], ["0" * 32])):
            self.assertEqual(log(*argv), [root, *(f"--boot={v}" for v in wanted)] if wanted else [root, "--boot"])
        self.assertEqual(log("-b", "fix-a"), [root, "--boot", "LPD_PATCH=fix-a"])
        self.assertEqual(log("--since=-2h", "--no-pager"), ["--no-pager", root, "--since=-2h"])
        self.assertEqual(log("--json=short"), ["--output=json", root])

    def test_version(self):
        self.assertRegex(self.run_bare("--version").stdout, r"\Alpctl \d+\.\d+\.\d+\n\Z")


class Streams(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, manifest("bad", "Tiemout=1"), manifest("fix-net"),
                   loaded("fix_net"))

    def on_terminal(self, *argv, status=0, **environment):
        """The output of lpctl on a terminal."""
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.pop("NO_COLOR", None)
            os.execve(LPCTL, [LPCTL, f"--root={self.root}", *argv],
                      os.environ | {"TERM": "xterm"} | environment)
        data = b""
        while chunk := self.read_chunk(fd):
            data += chunk
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), status)
        return data.decode()

    @staticmethod
    def read_chunk(fd):
        try:
            return os.read(fd, 65536)
        except OSError:   # the other end is closed: pty(7)
            return b""

    def test_colours(self):
        self.assertIn("\x1b[32mactive", self.on_terminal("list"))
        self.assertIn("\x1b[", self.on_terminal("apply", "--dry-run", status=78))
        for argv, environment in ((["list"], {"NO_COLOR": "1"}), (["--json=pretty", "list"], {}),
                                  (["metrics"], {}), (["show", "fix-net"], {})):
            self.assertNotIn("\x1b[", self.on_terminal(*argv, **environment))

    def test_errors_go_to_standard_error(self):
        done = self.lpctl("why", "fix-nett", status=3)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr, "lpctl: there is no patch fix-nett\n       did you mean fix-net?\n")

    def test_quiet(self):
        for argv, status in ((["status"], 0), (["list"], 0), (["show", "fix-net"], 0), (["lint"], 78),
                             (["why", "fix-net"], 0), (["apply", "--dry-run"], 78), (["cat-config"], 0),
                             (["disable", "fix-net"], 0), (["why", "nothing-like-it"], 3)):
            done = self.lpctl("--quiet", *argv, status=status)
            self.assertEqual(done.stdout, "", argv)
            self.assertEqual(bool(done.stderr), status != 0, argv)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            environment = os.environ | {"LC_ALL": "C.UTF-8"}
            for argv in (["list"], ["--json=short", "list"], ["--help"]):
                done = subprocess.run([LPCTL, f"--root={self.root}", *argv], stdout=full, timeout=20,
                                      stderr=subprocess.PIPE, env=environment)
                self.assertEqual(done.returncode, 1, argv)
                self.assertEqual(done.stderr, b"lpctl: cannot write to standard output\n", argv)

    def test_json_of_odd_names(self):
        """Text that is not UTF-8, or would move a terminal's cursor, is made printable."""
        for name in (b"\xff\xfe.ko", b"a\nb.ko", b"\x1b[2Jx.ko", "ü.ko".encode()):
            path = os.path.join(os.fsencode(self.scratch), name)
            for verb, argv in (("install", [path, path]), ("lint", [path])):
                done = subprocess.run([LPCTL, f"--root={self.root}", "--json=short", verb, *argv],
                                      capture_output=True, timeout=20)
                value = json.loads(done.stdout.decode())
                self.check_schema(verb, value, done.returncode)
                done = subprocess.run([LPCTL, f"--root={self.root}", verb, *argv], capture_output=True,
                                      timeout=20)
                for line in (done.stdout + done.stderr).decode().splitlines():
                    self.assertTrue(line.isprintable(), repr(line))
                self.assertEqual("ü" in done.stderr.decode() + done.stdout.decode(), "ü".encode() in name)


class Unprivileged(Case):
    """On the machine that runs this test, as a user without privileges."""

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, manifest("fix-net"))
        self.program = self.scratch / "lpctl"
        shutil.copy(LPCTL, self.program)
        self.file = self.place("fix-net.ko", module("fix_net"))

    def run_as_nobody(self, *argv):
        become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
        done = subprocess.run([*(become if os.geteuid() == 0 else []), self.program, *argv], timeout=20,
                              cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertNotRegex(done.stderr, "Sanitizer|runtime error")
        return done

    def test_looking(self):
        for argv in (["status"], ["list"], ["cat-config"], ["metrics"], ["apply", "--dry-run"]):
            done = self.run_as_nobody("--json=short", *argv)
            self.assertIn(done.returncode, (0, 78), done.stdout)
            self.check_schema(argv[0], json.loads(done.stdout), done.returncode)
        done = self.run_as_nobody("status")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"Kernel    {os.uname().release}", done.stdout)

    def test_dry_run(self):
        """Every user may run it on the running machine."""
        done = self.run_as_nobody("install", "--dry-run", f"--kernel={KERNEL}", self.file)
        # 5 if the policy of this machine refuses it
        self.assertIn(done.returncode, (0, 5), done.stderr)
        self.assertIn(f"fix-net: would be installed for {KERNEL}; " if done.returncode == 0 else "", done.stdout)
        for argv, status in ((["load", "nosuch"], 3), (["unload", "nosuch"], 3), (["disable", "nosuch"], 3)):
            self.assertEqual(self.run_as_nobody(*argv, "--dry-run").returncode, status, argv)

    def test_command_is_quoted(self):
        done = self.run_as_nobody("install", "--description=it's $HOME", self.file)
        self.assertIn(f" lpctl install '--description=it'\\''s $HOME' {self.file}\n", done.stderr)

    def test_changing(self):
        tools = [t for t in ("sudo", "run0", "doas", "pkexec") if os.path.exists(f"/usr/bin/{t}")]
        how = f"run: {tools[0]}".replace("pkexec", "pkexec --keep-cwd") if tools else "log in as root and run:"
        for argv in (["install", self.file], ["remove", "x"], ["enable", "x"], ["disable", "x"],
                     ["disable", "--now", "x"], ["load", "x"], ["load", self.file], ["unload", "x"],
                     ["apply"], ["lock"], ["import-kpatch"]):
            done = self.run_as_nobody(*argv)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (
                4, "", "lpctl: this changes the machine and needs root\n"
                       f"       {how} lpctl {' '.join(map(str, argv))}\n"), argv)
            value = json.loads(self.run_as_nobody("--json=short", *argv).stdout)
            self.check_schema(argv[0], value, 4)
        for path in ("/etc/lpd/patches.d/fix-net.conf", "/etc/lpd/patches.d/fix_net.conf",
                     f"/var/lib/lpd/modules/{KERNEL}"):
            self.assertFalse(os.path.exists(path), path)

    def test_below_a_root_of_others(self):
        before = tree_of(self.root)
        for argv in (["install", self.file], ["disable", "fix-net"], ["remove", "fix-net"]):
            done = self.run_as_nobody(f"--root={self.root}", *argv)
            self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
            self.assertRegex(done.stderr, r"\Alpctl: cannot \w+ /\S+: Permission denied\n\Z")
            self.assertEqual(tree_of(self.root), before)

    def test_blocking(self):
        self.plant(loaded("fix_net", transition=1), task(7, 7, "x", 0))
        (self.root / "proc/7/task/7/patch_state").chmod(0o400)
        done = self.run_as_nobody(f"--root={self.root}", "blocking")
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertEqual(done.stderr, "lpctl: only root can see the states of tasks\n"
                                      "       run this as root\n")

    def test_manifests_of_others(self):
        """A file that may not be read is a fault of that patch only, and the status says so."""
        (self.root / "etc/lpd/patches.d/fix-net.conf").chmod(0)
        done = self.run_as_nobody(f"--root={self.root}", "--json=short", "status")
        self.assertEqual(done.returncode, 0)
        patch, = json.loads(done.stdout)["patches"]
        self.assertEqual((patch["state"], patch["reason"]),
                         ("failed", "fix-net.conf: Permission denied (/etc/lpd/patches.d/fix-net.conf)"))


if __name__ == "__main__":
    unittest.main()
