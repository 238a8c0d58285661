# SPDX-License-Identifier: LGPL-2.1-or-later
"""Things that take time to make, cached by the hash of their inputs."""

import contextlib
import fcntl
import hashlib
import os
import random
import shutil
import sys
import time
import uuid
from pathlib import Path

MADE = ".made"   # the file in an entry that identifies it
KEPT = 4   # how many entries of one kind are kept, including the one in use


def digest(*parts):
    """One hash of strings, files and trees (paths, modes, links and bytes, but no times).

    An entry of the cache is identified by how it was made, not only by its name: a saved machine,
    for instance, does not fit a file system that was made again under the same name."""
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
    if (top / MADE).exists():
        yield (top / MADE).read_bytes()
        return
    paths = sorted(top.rglob("*")) if top.is_dir() else [top]
    for path in paths:
        if "__pycache__" in path.parts:
            continue
        name = path.relative_to(top).as_posix()
        if path.is_symlink():
            yield f"{name} -> {os.readlink(path)}\n".encode()
        elif path.is_dir():
            yield f"{name}/ {path.stat().st_mode:o}\n".encode()
        elif path.is_file():
            sum_ = hashlib.sha256(path.read_bytes()).hexdigest()
            yield f"{name} {path.stat().st_mode:o} {sum_}\n".encode()


class Cache:
    """A directory with one subdirectory for each entry, named KIND-HASH, and a lock file beside it:
    shared by the users of the entry, exclusive for the process that makes or removes it."""

    def __init__(self, top):
        self.top = Path(top)
        self.top.mkdir(parents=True, exist_ok=True)
        self._held = {}   # path of an entry → its lock, kept until this process ends

    def entry(self, kind, key, build):
        """The directory of the entry; build(directory) fills it first if it does not exist.

        Several threads and processes may ask at once: one builds, the others wait."""
        path = self.top / f"{kind}-{key}"
        if path not in self._held:
            self._held[path] = self._hold(path, build)
        os.utime(path)
        self._prune(kind)
        return path

    def _hold(self, path, build):
        """The lock, shared. Who fails to make the entry leaves it unlocked, for the next one that tries."""
        lock = self._open_lock(path)
        try:
            self._make(path, build, lock)
        except BaseException:
            os.close(lock)
            raise
        return lock

    def _make(self, path, build, lock):
        while True:
            fcntl.flock(lock, fcntl.LOCK_SH)
            if (path / MADE).exists():
                return
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Who has made it meanwhile keeps a shared lock until it ends: that is no reason to wait.
                fcntl.flock(lock, fcntl.LOCK_UN)
                time.sleep(random.uniform(0.2, 1))
                continue
            if not (path / MADE).exists():
                print(f"making {path.name}", file=sys.stderr, flush=True)
                fresh = self.top / f"{path.name}.new"
                shutil.rmtree(fresh, ignore_errors=True)
                fresh.mkdir()
                build(fresh)
                (fresh / MADE).write_text(f"{path.name} {uuid.uuid4()}\n")
                shutil.rmtree(path, ignore_errors=True)
                fresh.rename(path)

    def _prune(self, kind):
        """Removes the oldest entries of a kind, except those in use."""
        entries = list(self.top.glob(f"{kind}-{'[0-9a-f]' * 16}"))
        entries.sort(key=lambda p: p.stat().st_mtime if p.exists() else 0, reverse=True)
        for path in entries[KEPT:]:
            lock = self._open_lock(path)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            os.close(lock)

    @staticmethod
    def _open_lock(path):
        return os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
