# SPDX-License-Identifier: LGPL-2.1-or-later
"""The disk image: base tree + the bench's guest files + patches + lpd."""

import os
import shutil
from pathlib import Path

from . import cache
from .command import run

GUEST = Path(__file__).resolve().parent.parent / "guest"

SIZE = "2G"

# Units that cost a boot time and are no part of what is tested.
MASKED = """
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service
    fstrim.timer systemd-logind.service systemd-update-utmp.service systemd-update-utmp-runlevel.service
    getty@.service serial-getty@.service console-getty.service systemd-pstore.service
    systemd-rfkill.socket systemd-initctl.socket systemd-user-sessions.service
""".split()

FILES = {
    "etc/fstab": "/dev/vda / ext4 defaults 0 1\n",
    "etc/hostname": "bench\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/systemd/journald.conf.d/bench.conf":
        "[Journal]\nStorage=persistent\nCompress=no\nSystemMaxUse=64M\nRateLimitIntervalSec=0\n",
    "etc/systemd/system.conf.d/bench.conf": "[Manager]\nDefaultTimeoutStopSec=20s\n",
    "etc/lpd/lpd.conf.d/10-bench.conf": "[Trust]\nSignature=permissive\n",
}


class Image:
    """disk is a raw ext4 image, tree what it was made from."""

    def __init__(self, top):
        self.key = top.name
        self.disk = top / "disk.raw"
        self.tree = top / "tree"


def get(store, base, patches, install_tree):
    """The image from the cache, made first if anything in it changed: a few seconds."""
    parts = [Path(__file__), GUEST, base.top.name, patches.name]
    if install_tree:
        parts.append(install_tree)
    return Image(store.entry("image", cache.digest(*parts),
                             lambda top: _build(top, base, patches, install_tree)))


def _build(top, base, patches, install_tree):
    tree = top / "tree"
    run("cp", "-al", base.tree, tree)
    _lay_over(GUEST, tree)
    _lay_over(patches, tree / "patches")
    if install_tree:
        _lay_over(install_tree, tree)
    for name, text in FILES.items():
        _replace(tree / name, text)
    for unit in MASKED:
        (tree / "etc/systemd/system" / unit).unlink(missing_ok=True)
        (tree / "etc/systemd/system" / unit).symlink_to("/dev/null")
    (tree / "var/log/journal").mkdir(exist_ok=True)
    run("systemctl", "--root", tree, "--quiet", "enable", "bench-agent.service")
    for stamp in ("etc/.updated", "var/.updated"):
        _replace(tree / stamp, "")
    run("mke2fs", "-q", "-t", "ext4", "-L", "root", "-E", "lazy_itable_init=1", "-d", tree,
        top / "disk.raw", SIZE)


def _lay_over(source, tree):
    """Copies a tree over another whose files are links to somebody else's: never written through."""
    tree.mkdir(exist_ok=True)
    run("cp", "-rPT", "--preserve=mode,links,timestamps", "--remove-destination", source, tree)
    

def _replace(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
