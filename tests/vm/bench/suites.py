# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian releases that machines are made of, and the source of their packages."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .command import run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# Options of this machine's apt that an apt for another release needs as well.
APT_OPTIONS = re.compile(r"(Acquire::(Check-Valid-Until|Check-Date|Retries|https?::.*) \".+\");")


@dataclass(frozen=True)
class Suite:
    """name is used for machines and the cache, codename in the archive."""

    name: str
    codename: str
    kernels: tuple      # packages
    packages: tuple     # others that this release alone has, or has under this name
    building: tuple     # likewise, for building
    kept: tuple = ()    # packages that cases install, whose files are kept

    def sources(self):
        """Lines for an apt that knows only this release, with the mirrors of this machine."""
        keyring = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
        archive, security = _mirrors()
        lines = [f"deb {keyring}{archive} {self.codename} main"]
        if security:
            lines.append(f"deb {keyring}{security} {self.codename}-security main")
        return lines

    def tell_apt(self, tree, name="sources.list"):
        """Writes what a tree's own apt needs to install from this release: sources, key, settings, and resolver."""
        shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
        (tree / "etc/apt" / name).write_text("".join(f"{line}\n" for line in self.sources()))
        (tree / "etc/apt/apt.conf.d/90bench").write_text("".join(f"{line}\n" for line in apt_options()))
        if KEYRING.exists():
            key = tree / KEYRING.relative_to("/")
            key.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(KEYRING, key)


SUITES = {suite.name: suite for suite in (
    Suite("12", "bookworm", ("linux-image-cloud-amd64", "linux-image-6.12-cloud-amd64"),
          ("libssl3",), ()),
    Suite("13", "trixie", ("linux-image-cloud-amd64",), ("libssl3t64",), ("systemd-dev",),
          # kpatch finds out a module's name by readelf, and does not depend on it.
          ("kpatch", "binutils-x86-64-linux-gnu", "libctf-nobfd0", "libsframe1")),
    # util-linux-extra: switch_root, which dracut's images without systemd need.
    Suite("testing", "forky", ("linux-image-cloud-amd64",), ("libssl3t64", "util-linux-extra"), ("systemd-dev",)),
)}


def apt_options():
    """This machine's settings for reaching its mirrors, as lines of apt.conf."""
    return [f"{found.group(1)};" for found in map(APT_OPTIONS.fullmatch,
                                                  run("apt-config", "dump").splitlines()) if found]


def _mirrors():
    """Where this machine gets its own packages: (archive, security archive or None)."""
    archive = security = None
    targets = run("apt-get", "indextargets", "--no-release-info", "--format",
                  "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    for uri, release, component in (line.split() for line in targets.splitlines()):
        if component != "main" or not uri.rstrip("/").endswith(("debian", "debian-security")):
            continue
        if release.endswith("-security"):
            security = security or uri
        else:
            archive = archive or uri
    if not archive:
        raise SystemExit("this machine's apt sources name no archive of Debian")
    return archive, security


def of_host():
    """The codename of the release that this machine runs."""
    text = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.M)
    return found.group(1) if found else None
