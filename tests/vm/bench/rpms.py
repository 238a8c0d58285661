# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's rpm, in a machine whose Debian has none: packages that run their scriptlets there."""

import tempfile
from pathlib import Path
from types import SimpleNamespace

from .command import run

THERE = "/opt/rpm"
# With its own loader and libraries, whatever Debian release the host is.
RPM = f"{THERE}/ld.so --library-path {THERE} {THERE}/rpm --force-debian --nodeps"
CONFIG = Path("/usr/lib/rpm")


def give(m):
    """Copies rpm into the machine, where the command RPM then runs it."""
    program = Path(run("sh", "-c", "command -v rpm").strip())
    files = {"rpm": program.read_bytes()}
    for line in run("ldd", program).splitlines():
        words = [word for word in line.split() if word.startswith("/")]
        if words:
            path = Path(words[-1])
            files["ld.so" if path.name.startswith("ld-linux") else path.name] = path.read_bytes()
    m.write_all(THERE, files)
    m.write_all(str(CONFIG), {name: (CONFIG / name).read_bytes() for name in ("macros", "rpmrc")})
    m.ok(f"chmod +x {THERE}/*")


def build(spec, files):
    """The package of a spec file; files are its sources, {name: bytes}."""
    with tempfile.TemporaryDirectory() as directory:
        at = SimpleNamespace(top=Path(directory), spec=Path(directory) / "package.spec")
        at.spec.write_text(spec)
        (at.top / "SOURCES").mkdir()
        for name, data in files.items():
            (at.top / "SOURCES" / name).write_bytes(data)
        run("rpmbuild", "-bb", "--quiet", "--nodeps", "--define", f"_topdir {at.top}", at.spec)
        [package] = (at.top / "RPMS").glob("*/*.rpm")
        return package.read_bytes()
