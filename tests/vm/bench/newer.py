# SPDX-License-Identifier: LGPL-2.1-or-later
"""A kernel that is newer than this Debian's: from the backports of the next release."""

import re
from dataclasses import dataclass
from pathlib import Path

from . import base, cache, programs
from .command import run

SUITE = "trixie-backports"
PACKAGE = "linux-image-cloud-amd64"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Newer:
    """The kernel, signed for the firmware, its initramfs, and the bytes of a module of its own."""

    release: str
    kernel: Path
    initrd: Path
    module: Path


def get(store, keys, made_programs):
    """The kernel from the cache, made first: half a minute."""
    key = cache.digest(Path(__file__), Path(programs.__file__), keys.top, made_programs.top)
    top = store.entry("newer", key, lambda top: _build(top, keys, made_programs))
    return Newer((top / "release").read_text(), top / "kernel", top / "initrd", top / "dummy.ko")


def _build(top, keys, made_programs):
    for package in _download(top):
        run("dpkg", "-x", package, top / "tree")
    modules, = (top / "tree/usr/lib/modules").iterdir()
    (top / "tree/lib").symlink_to("usr/lib")
    run("depmod", "-b", top / "tree", modules.name)
    (top / "release").write_text(modules.name)
    run("sbsign", "--key", keys.key("db"), "--cert", keys.certificate("db"),
        "--output", top / "kernel", modules / "vmlinuz")
    (top / "initrd").write_bytes(made_programs.initramfs(modules))
    dummy, = modules.glob("kernel/drivers/net/dummy.ko*")
    (top / "dummy.ko").write_bytes(base.read_module(dummy))


def _download(top):
    """The packages of image and modules, by an apt that knows of that suite alone; nothing of this
    machine's changes."""
    for name in ("state/lists", "cache/archives"):
        (top / name / "partial").mkdir(parents=True)
    (top / "list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n")
    options = ["-o", f"Dir::Etc::SourceList={top}/list", "-o", "Dir::Etc::SourceParts=-",
               "-o", f"Dir::State={top}/state", "-o", f"Dir::Cache={top}/cache",
               "-o", "APT::Sandbox::User=root"]
    run("apt-get", *options, "update")
    found = run("apt-cache", *options, "depends", PACKAGE)
    release = re.search(r"Depends: linux-image-(\S+)", found).group(1)
    run("apt-get", *options, "download", f"linux-binary-{release}", f"linux-modules-{release}",
        cwd=top)
    return top.glob("*.deb")


def _mirror():
    """Where this machine gets its own packages from."""
    for source in base.apt_sources():
        for uri in re.findall(r"^(?:URIs:|deb(?: \[.*\])?) +(\S+)", source.read_text(), re.M):
            if "security" not in uri:
                return uri
    raise SystemExit("this machine's apt sources name no archive of Debian")
