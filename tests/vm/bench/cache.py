# SPDX-License-Identifier: LGPL-2.1-or-later
"""Things that take time to make, kept by the hash of what they are made from."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from pathlib import Path

KEPT = 2   # entries of one kind that stay: the one in use and the one before it


def digest(*parts):
    """One hash of strings, files and trees (paths, modes, links and bytes; no times)."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for line in _tree_lines(part):
                total.update(line)
        else:
            total.update(str(part).encode())
        total.update(b"\0")
    return total.hexdigest()[:16]


def _tree_lines(top):
    paths = sorted(top.rglob("*")) if top.is_dir() else [top]
    for path in paths:
        if "__pycache__" in path.parts:
            continue
        name = path.relative_to(top).as_posix()
        if path.is_symlink():
            yield f"{name} -> {os.readlink(path)}\n".encode()
        elif path.is_dir():
            yield f"{name}/ {path.stat().st_mode:o}\n".encode()
        else:
            sum_ = hashlib.sha256(path.read_bytes()).hexdigest()
            yield f"{name} {path.stat().st_mode:o} {sum_}\n".encode()


class Cache:
    """A directory with one directory an entry, named KIND-HASH."""

    def __init__(self, top):
        self.top = Path(top)
        self.top.mkdir(parents=True, exist_ok=True)
        self._held = []

    def entry(self, kind, key, build):
        """The directory of the entry; build(directory) fills it first if it is not there.

        Several processes may ask at once: one builds, the others wait.  The entry is locked against
        pruning until this process ends."""
        path = self.top / f"{kind}-{key}"
        with self._locked(self.top / f"{kind}-{key}.lock", fcntl.LOCK_EX):
            if not path.exists():
                fresh = self.top / f"{path.name}.new"
                shutil.rmtree(fresh, ignore_errors=True)
                fresh.mkdir()
                build(fresh)
                fresh.rename(path)
            os.utime(path)
            self._hold(path)
        self._prune(kind)
        return path

    def _hold(self, path):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(fd, fcntl.LOCK_SH)
        self._held.append(fd)

    def _prune(self, kind):
        """Removes the oldest entries of a kind, except those that somebody uses."""
        entries = [p for p in self.top.glob(f"{kind}-*") if p.is_dir() and p.suffix != ".new"]
        entries.sort(key=lambda p: p.stat().st_mtime, reverse=True)
        for path in entries[KEPT:]:
            with contextlib.suppress(OSError), self._locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(path)
                (self.top / f"{path.name}.lock").unlink(missing_ok=True)

    @staticmethod
    @contextlib.contextmanager
    def _locked(path, how):
        flags = os.O_RDONLY | os.O_DIRECTORY if path.is_dir() else os.O_RDWR | os.O_CREAT
        fd = os.open(path, flags, 0o644)
        try:
            fcntl.flock(fd, how)
            yield
        finally:
            os.close(fd)
