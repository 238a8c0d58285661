#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The version is in meson.build only; what cannot take it from there has the same one.

Usage: version.py PROGRAM...; run by Meson with $SOURCE_ROOT, the top of the tree, and $VERSION, the project's
version."""

import os
import re
import subprocess
import sys
from pathlib import Path

TOP, VERSION = Path(os.environ["SOURCE_ROOT"]), os.environ["VERSION"]
# Texts of a release, which name its version.
HEADINGS = {"NEWS.md": r"^## (\S+)$", "debian/changelog": r"^lpd \(([^)-]+)[^)]*\)"}
# Those of contrib/cockpit name versions of other projects.
SKIPPED = ("tests/", "docs/examples/", "contrib/cockpit/package")


def problems():
    for program in sys.argv[1:]:
        said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split()
        if said[1:2] != [VERSION]:
            yield f"{program} --version says {said}"
    for name, pattern in HEADINGS.items():
        path = TOP / name
        found = path.exists() and re.search(pattern, path.read_text(), re.M)
        if path.exists() and (not found or found.group(1) != VERSION):
            yield f"{name} begins with version {found and found.group(1)}, not {VERSION}"
    if not (TOP / ".git").exists():
        return
    files = subprocess.run(["git", "-C", TOP, "grep", "-lIFw", VERSION], capture_output=True, text=True).stdout
    for name in files.splitlines():
        if name not in ("meson.build", *HEADINGS) and not name.startswith(SKIPPED):
            yield f"{name} names version {VERSION}: it must take it from meson.build"


bad = list(problems())
print("\n".join(bad))
sys.exit(1 if bad else 0)
