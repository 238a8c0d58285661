#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lpctl commands in the manual and the README work as they are written there."""

import os
import re
import shlex
import unittest

from machine import *

TOP = Path(os.environ["SOURCE_ROOT"])
PAGES = [*sorted((TOP / "docs/man").glob("*.scd")), TOP / "README.md"]
NEED_KERNEL = {"load", "unload", "apply", "lock"}   # cannot be used with --root=
OPERATORS = {"|", "||", "&&", "&", ";", ">"}


def commands(path):
    """The argument lists of the lpctl commands in the code blocks of a page, in order."""
    for block in re.findall(r"^```\w*\n(.*?)^```", path.read_text(), re.M | re.S):
        for line in block.splitlines():
            found = re.match(r"\s*(?:[#$] )?lpctl (.*)", line)
            if not found:
                continue
            lexer = shlex.shlex(found[1], posix=True, punctuation_chars=True)
            lexer.wordchars += "=:,@[]"
            words = list(lexer)
            end = next((i for i, word in enumerate(words) if word in OPERATORS), len(words))
            yield words[:end]


class Examples(Case):
    def machine(self, release, installed):
        """A machine with a module file in the current directory, and the patch installed or not."""
        self.setUp()
        self.plant(kernel(release), PERMISSIVE)
        self.place("fix-nft-uaf.ko", module("fix_nft_uaf", release))
        if installed:
            self.lpctl("install", self.scratch / "fix-nft-uaf.ko", "--name=fix-nft-uaf")

    def run_example(self, words):
        options = dict(re.findall(r"--(kernel)=(\S+)", " ".join(words)))
        self.machine(options.get("kernel", KERNEL), installed=words[0] != "install")
        words = [word for word in words if not word.startswith("--root=")]
        words = [word.replace("fix-nft-uaf-2", "fix-nft-uaf") for word in words]
        return self.run_bare(f"--root={self.root}", *words, cwd=self.scratch)

    def test_commands(self):
        count = 0
        for path in PAGES:
            for words in commands(path):
                count += 1
                with self.subTest(f"{path.name}: lpctl {shlex.join(words)}"):
                    done = self.run_example(words)
                    said = done.stdout + done.stderr
                    if words[0] in NEED_KERNEL:
                        self.assertEqual(done.returncode, 64, said)
                        self.assertIn("this command cannot be used with --root=", said)
                    else:
                        self.assertEqual(done.returncode, 0, said)
        self.assertGreater(count, 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
