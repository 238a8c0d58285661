#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every C file has the style of .clang-format: the spaces between its tokens, its braces, and the indentation
of its statements.

Where a line is broken, and how comments and columns are aligned, is up to the author.

Usage: format.py [FILE...]; without arguments it checks all files of the tree. $SOURCE_ROOT is its top,
and $CLANG_FORMAT the program."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(os.environ.get("SOURCE_ROOT", Path(__file__).parents[2]))
CLANG_FORMAT = os.environ.get("CLANG_FORMAT", "clang-format")
FOLDERS = ["lpd", "generator", "parser", "tests"]
PARTS = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*|\\\n|\s+|\w+|.', re.S)


class Layout:
    """The tokens of a file, and for each the space before it: None for a broken line, whose indentation is
    noted only where a statement begins."""

    def __init__(self, text):
        self.tokens, self.lines, self.spaces, self.indents = [], [], [], []
        space, line, previous = "\n", 1, ";"
        for part in PARTS.findall(text):
            if part.isspace() or part == "\\\n":
                space += part
            elif part.startswith(("/*", "//")):
                space += " "
            else:
                broken = "\n" in space
                starts = broken and previous in (";", "{", "}")
                self.tokens.append(part)
                self.lines.append(line)
                # clang-format guesses whether the first three are unary, without knowing which names are types.
                # The last is __VA_OPT__(,).
                guess = previous in ("*", "&", "-") or previous + part == ",)"
                self.spaces.append(None if broken or guess else bool(space))
                self.indents.append(len(space[space.rfind("\n") + 1:].expandtabs()) if starts else None)
                space, previous = "", part
            line += part.count("\n")


def differences(path):
    text = path.read_text()
    done = subprocess.run([CLANG_FORMAT, "--style=file", str(path)], capture_output=True, text=True, check=True)
    found, wanted = Layout(text), Layout(done.stdout)
    lines = text.split("\n")
    if found.tokens != wanted.tokens:
        raise AssertionError(f"{path}: clang-format changes the code itself")
    for i, line in enumerate(found.lines):
        what = None
        if None not in (found.spaces[i], wanted.spaces[i]) and found.spaces[i] != wanted.spaces[i]:
            what = f"{'no ' if found.spaces[i] else 'a '}space goes before '{found.tokens[i]}'"
        if None not in (found.indents[i], wanted.indents[i]) and found.indents[i] != wanted.indents[i]:
            what = f"indented by {found.indents[i]} instead of {wanted.indents[i]}"
        if what:
            yield f"{path.relative_to(TOP)}:{line}: {what}: {lines[line - 1].strip()}"


def main():
    files = [Path(name).resolve() for name in sys.argv[1:]] or \
        sorted(path for folder in FOLDERS for path in (TOP / folder).rglob("*.[ch]"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        bad = [line for lines in pool.map(lambda path: list(differences(path)), files) for line in lines]
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
