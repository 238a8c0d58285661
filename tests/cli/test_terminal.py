#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl at a terminal: width, pager, colors, and questions."""

import errno
import os
import pty
import re
import select
import struct
import fcntl
import termios
import time
import unittest

from machine import *

LONG = "a-patch-with-the-longest-name-that-the-kernel-can-have"
REASON = ("switched off by somebody who wrote a long reason for it so that it takes more than one line of a terminal, "
          "whatever its width")


class Terminal(Case):
    """A machine with a patch in each state, seen through a pseudo-terminal."""

    def setUp(self):
        super().setUp()
        store = f"/var/lib/lpd/modules/{KERNEL}"
        BUILD_IDS[LONG.replace("-", "_")] = "10" * 20
        self.plant(
            kernel(KERNEL), PERMISSIVE,
            manifest("fix-net", "Description=net: use after free", "Fixes=CVE-2024-1 CVE-2024-2", "Required=yes"),
            manifest("lp-old"), manifest("lp-all"), manifest("fix-left"), manifest("fix-gone", "Enabled=no"),
            manifest("fix-none", "[Kernel:5.10.0]"), manifest("fix-late"), manifest("typo", "Tiemout=60s"),
            manifest(LONG),
            loaded("lp_old", registered=False), loaded("lp_all", function="meminfo_proc_show"),
            loaded("fix_net"), loaded("fix_left", registered=False), loaded("fix_new", transition=1),
            result("lp-old"), result("lp-all", over=["lp_old"]), result("fix-net", over=["lp_all"]),
            result("fix-left", state="disabled", reason=REASON),
            result(LONG, state="refused", reason="signed by \"CN=stranger\", which no trusted keyring holds: " * 3),
            {f"{store}/{name}.ko": module(name.replace("-", "_"))
             for name in ("fix-net", "lp-old", "lp-all", "fix-left", "fix-late", LONG)})

    def at(self, columns, *argv, rows=1000, answer=b"", env=None, status=0, root=True):
        """The output on a terminal of this width."""
        pid, fd = pty.fork()
        if pid == 0:
            for name in ("NO_COLOR", "COLUMNS", "PAGER", "SYSTEMD_PAGER", "SYSTEMD_LESS"):
                os.environ.pop(name, None)
            os.environ.update({"LC_ALL": "C.UTF-8", "TERM": "xterm"} | (env or {}))
            time.sleep(0.05)   # until the terminal's size is set
            os.execv(LPCTL, [LPCTL, *([f"--root={self.root}"] if root else []), *argv])
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if answer:
            os.write(fd, answer)
        shown = b""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and select.select([fd], [], [], 30)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError as e:
                self.assertEqual(e.errno, errno.EIO)   # no process has it open any more
                break
            if not data:
                break
            shown += data
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), status, shown)
        return shown.decode().replace("\r\n", "\n")

    def bare(self, text):
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def fits(self, text, columns):
        for line in self.bare(text).split("\n"):
            self.assertLessEqual(len(line), columns, line)

    def words(self, text):
        return self.bare(text).split()

    def test_tables_fit(self):
        """No line is wider than the terminal, and no word is broken: the words are the same as in a
        pipe."""
        for argv in (("status",), ("list",), ("apply", "--dry-run")):
            piped = self.lpctl(*argv, status=78 if argv[0] == "apply" else 0).stdout
            for columns in (80, 120):
                shown = self.at(columns, *argv, status=78 if argv[0] == "apply" else 0)
                self.fits(shown, columns)
                found = self.words(shown)
                for word in piped.split():
                    if word not in ("SINCE", "REASON"):
                        self.assertIn(word, found, f"{argv} at {columns}: {shown}")

    def test_reasons_are_below(self):
        lines = self.bare(self.at(80, "list")).split("\n")
        self.assertEqual(lines[0].split(), ["NAME", "STATE", "ENABLED", "SINCE"])
        at = next(i for i, line in enumerate(lines) if line.startswith("fix-left"))
        self.assertEqual(lines[at].split()[:2], ["fix-left", "disabled"])
        self.assertEqual(lines[at + 1:at + 3],
                         ["    switched off by somebody who wrote a long reason for it so that it takes",
                          "    more than one line of a terminal, whatever its width"])

    def test_narrow(self):
        """Optional columns are dropped before a name would be cut."""
        lines = self.bare(self.at(70, "list")).split("\n")
        self.assertEqual(lines[0].split(), ["NAME", "STATE"])
        self.assertIn(LONG, self.words("\n".join(lines)))

    def test_wide(self):
        for option in (("-o", "wide"), ("--output=wide",), ("--full",), ("-l",)):
            lines = self.text("list", *option).splitlines()
            self.assertEqual(lines[0].split(), ["NAME", "STATE", "ENABLED", "SINCE", "RUNTIME", "STAGE", "REQUIRED",
                                                "REASON"])
            self.assertEqual(len(lines), 11)
            self.assertTrue(any(line.startswith("fix-left") and line.endswith(REASON) for line in lines))
        shown = self.at(160, "list", "--full")
        self.fits(shown, 160)
        # it was requested explicitly, so it is shown
        self.assertIn(REASON, self.at(80, "list", "--full"))
        start = self.bare(shown).split("\n")[0].index("REASON")
        self.assertRegex(self.bare(shown), rf"\n {{{start}}}\S")

    def test_times(self):
        self.assertRegex(self.text("list"), r"\nfix-net +active +yes +\d+( weeks|y) ago\n")
        self.assertRegex(self.text("show", "fix-net"), r"since +\d{4}-\d\d-\d\d [\d:]{8} \(\d+( weeks|y) ago\)\n")
        self.assertEqual(self.json("show", "fix-net")["patches"][0]["since"], 1700000000000000)
        now = time.time()
        for seconds, wanted in ((3, "[34]s"), (90, "1min"), (7300, "2h"), (86400 * 1.5, "36h"), (86400 * 3, "3 days"),
                                (86400 * 30, "4 weeks")):
            self.plant(result("fix-net", since=int((now - seconds) * 1e6)))
            self.assertRegex(self.text("list", "fix-net"), rf"active +yes +{wanted} ago\n")
        self.plant(result("fix-net", since=int((now + 9000) * 1e6)))
        self.assertRegex(self.text("list", "fix-net"), r"active +yes +\d{4}-\d\d-\d\d [\d:]{8}\n")

    def test_colors(self):
        self.assertIn("\x1b[32mactive", self.at(80, "list"))
        self.assertNotIn("\x1b", self.at(80, "list", env={"NO_COLOR": "1"}))

    def test_pager(self):
        """Long text goes through the pager, short text and all other output does not."""
        pager = {"PAGER": "sed 's/^/> /'"}
        self.assertTrue(self.at(80, "list", env=pager).startswith("> NAME"))
        self.assertTrue(self.at(80, "list", env={"SYSTEMD_PAGER": "", **pager}).startswith("NAME"))
        self.assertTrue(self.at(80, "list", "--no-pager", env=pager).startswith("NAME"))
        self.assertTrue(self.at(80, "help", env=pager).startswith("> lpctl"))
        self.assertTrue(self.at(80, "show", "--json=pretty", "fix-net", env=pager).startswith("> {"))
        for name in ("pager", "less"):
            (self.scratch / name).write_text(f"#!/bin/sh\necho \"{name} $LESS ${{LESSSECURE-open}}\"; cat\n")
            (self.scratch / name).chmod(0o755)
        path = {"PATH": f"{self.scratch}:/usr/bin:/bin"}
        self.assertTrue(self.at(80, "list", rows=10, env=path).startswith("pager FRSXMK open\n"))
        self.assertTrue(self.at(80, "list", rows=50, env=path).startswith("NAME"))
        asked = path | {"SYSTEMD_PAGERSECURE": "1"} | pager
        self.assertTrue(self.at(80, "list", env=asked).startswith("less FRSXMK 1\n"))
        if os.geteuid() == 0:
            self.assertTrue(self.at(80, "list", env=path | pager | {"SUDO_UID": "1000"}).startswith("less FRSXMK 1\n"))

    def test_error_comes_last(self):
        shown = self.at(80, "status", "fix-net", "nosuch", status=3, env={"PAGER": "sleep 0.2; cat"})
        self.assertRegex(self.bare(shown), r"(?s)NAME.*\nlpctl: [^\n]*nosuch[^\n]*\n       lpctl list [^\n]*\n\Z")


class Asking(Terminal):
    def setUp(self):
        super().setUp()
        self.dropin = self.root / "etc/lpd/patches.d/fix-net.conf.d/override.conf"

    def edit(self, script, *argv, name="fix_net", status=0):
        """lpctl edit with a shell script as the editor; returns the output."""
        (self.scratch / "tmp").mkdir(exist_ok=True)
        editor = self.place("editor", f"#!/bin/bash\nf=$1\n{script}\n".encode())
        editor.chmod(0o755)
        return self.at(80, "edit", *argv, name, env={"EDITOR": str(editor), "TMPDIR": str(self.scratch / "tmp")},
                       status=status)

    def left(self):
        return [path.read_text() for path in (self.scratch / "tmp").iterdir()]

    def test_edit(self):
        write = "sed -i '/Only text between/a [Patch]\\nTimeoutSec=90' $f"
        shown = self.edit(f"cp $f {self.scratch}/draft; {write}")
        self.assertEqual((shown, self.left()), ("fix-net: edited\n", []))
        self.assertEqual(self.dropin.read_text(), "[Patch]\nTimeoutSec=90\n")
        draft = (self.scratch / "draft").read_text()
        self.assertIn("### /etc/lpd/patches.d/fix-net.conf\n# [Patch]\n# Description=net: use after free\n", draft)
        self.assertEqual(self.edit("true"), "fix-net: not changed\n")
        self.assertEqual(self.edit("sed -i s/=90/=30/ $f"), "fix-net: edited\n")
        self.assertEqual(self.dropin.read_text(), "[Patch]\nTimeoutSec=30\n")
        self.assertEqual(self.edit(": >$f"), "fix-net: its drop-in is removed\n")
        self.assertFalse(self.dropin.parent.exists())

    def test_edit_refused(self):
        before = tree_of(self.root)
        shown = self.edit("printf '[Patch]\\nTiemoutSec=90\\n' >$f", status=78)
        self.assertIn("unknown key 'TiemoutSec'", " ".join(shown.split()))
        self.assertEqual(self.left(), ["[Patch]\nTiemoutSec=90\n"])
        self.assertIn(str(next((self.scratch / "tmp").iterdir())), "".join(shown.split()))
        for script, name, status in (("exit 1", "fix-net", 1), ("exit 127", "fix-net", 1), ("true", "nosuch", 3)):
            self.edit(script, name=name, status=status)
        self.assertEqual(tree_of(self.root), before)
        self.assertIn("an editor needs a terminal", self.lpctl("edit", "fix-net", status=1).stderr)
        self.plant({"/etc/lpd/lpd.conf.d/10-signed.conf": "[Trust]\nSignedManifests=yes\n"})
        before = tree_of(self.root)
        self.edit("printf '[Patch]\\nTimeoutSec=90\\n' >$f", status=5)
        self.assertEqual(tree_of(self.root), before)

    def test_edit_dry_run(self):
        """The text is checked as if it were there, and not kept."""
        def would(script, status=0):
            before = tree_of(self.root)
            shown = self.edit(script, "--dry-run", status=status)
            self.assertEqual(tree_of(self.root), before)
            return shown

        typo = "printf '[Patch]\\nTiemoutSec=90\\n' >$f"
        self.assertEqual(would("printf '[Patch]\\nTimeoutSec=90\\n' >$f"), "fix-net: would be edited\n")
        self.assertEqual((would("true"), self.left()), ("fix-net: would not change\n", []))
        self.assertIn("unknown key 'TiemoutSec'", " ".join(would(typo, status=78).split()))
        self.plant({"/etc/lpd/patches.d/fix-net.conf.d/override.conf": "[Patch]\nTiemout=1\n",
                    "/etc/lpd/patches.d/fix-net.conf.d/10-first.conf": "[Patch]\nTimeoutSec=5\n"})
        self.assertEqual(would("sed -i s/Tiemout=1/TimeoutSec=1/ $f"), "fix-net: would be edited\n")
        self.assertEqual(would(": >$f"), "fix-net: its drop-in would be removed\n")
        self.plant({"/etc/lpd/patches.d/fix-net.conf.d/zz-last.conf": "[Patch]\nTiemout=1\n"})
        self.assertIn("zz-last.conf:2", "".join(would(": >$f", status=78).split()))

    def test_edit_mends(self):
        self.dropin.parent.mkdir()
        self.dropin.write_text("[Patch]\nTiemout=1\n")
        self.assertIn("Tiemout", self.lpctl("cat", "fix-net", status=78).stderr)
        self.assertEqual(self.edit("sed -i s/Tiemout=1/TimeoutSec=1/ $f"), "fix-net: edited\n")
        self.assertEqual(self.dropin.read_text(), "[Patch]\nTimeoutSec=1\n")

    def test_lock(self):
        """Nothing can be locked below another root, so answering yes is safe here."""
        for answer in (b"n\n", b"\n", b"\x04"):
            shown = self.at(80, "lock", answer=answer, status=1)
            self.assertIn("Lock modules now? [y/N]", shown)
            self.assertIn("lpctl: modules are not locked: not confirmed\n", shown)
        self.assertIn("--root=", self.at(80, "lock", answer=b"y\n", status=64))
        for argv in (["lock", "--yes"], ["lock", "-y"]):
            self.assertNotIn("[y/N]", self.at(80, *argv, status=64))
        self.assertNotIn("[y/N]", self.lpctl("lock", status=64).stderr)


for _name in [name for name in vars(Terminal) if name.startswith("test_")]:
    setattr(Asking, _name, None)   # these tests belong to the other class


class Cat(Case):
    def test_cat(self):
        self.plant(kernel(KERNEL), manifest("fix-a", "Description=ü\ttab"), manifest("other"),
                   {"/etc/lpd/patches.d/fix-a.conf.d/10-x.conf": "# \x1b[31mred\n[Patch]\nTimeoutSec=5",
                    "/usr/lib/lpd/patches.d/fix-a.conf.d/05-y.conf": "[Patch]\nTimeoutSec=4\n"})
        paths = ["/etc/lpd/patches.d/fix-a.conf", "/usr/lib/lpd/patches.d/fix-a.conf.d/05-y.conf",
                 "/etc/lpd/patches.d/fix-a.conf.d/10-x.conf"]
        value = self.json("cat", "fix_a")
        self.assertEqual([f["path"] for f in value["files"]], paths)
        self.assertEqual(self.text("cat", "fix-a"),
                         f"# {paths[0]}\n[Patch]\nDescription=ü\ttab\n\n# {paths[1]}\n[Patch]\nTimeoutSec=4\n\n"
                         f"# {paths[2]}\n# ?[31mred\n[Patch]\nTimeoutSec=5\n")
        self.assertEqual(len(self.json("cat", "other", "fix-a")["files"]), 4)
        self.text("cat", "nosuch", status=3)


class Globs(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, manifest("fix-a"), manifest("fix_b"), manifest("other"),
                   loaded("fix_new"))

    def names(self, *argv, **options):
        return [p["name"] for p in self.json(*argv, **options)["patches"]]

    def test_patterns(self):
        for verb in ("status", "list", "show"):
            self.assertEqual(self.names(verb, "fix-*"), ["fix-a", "fix_b", "fix_new"])
            self.assertEqual(self.names(verb, "fix_?"), ["fix-a", "fix_b"])
            self.assertEqual(self.names(verb, "fix-[b-z]", "oth*", "other"), ["fix_b", "other"])
            self.assertEqual(self.names(verb, "fix-*", "nosuch", status=3), ["fix-a", "fix_b", "fix_new"])
            self.assertEqual(self.names(verb, "none-*"), [])
        self.assertEqual(self.text("list", "none-*"), "No patches.\n")
        self.assertEqual(self.text("list", "--no-legend", "fix-a").split()[0], "fix-a")


if __name__ == "__main__":
    unittest.main(verbosity=2)
