# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kinds of machines, and which of them each case runs on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """name is used in cases and on the command line."""

    name: str
    suite: str
    series: str | None = None   # of the kernel; None: the suite has only one
    plain: bool = False         # a machine as users have it, see plain.py
    full: bool = False          # a plain one with what administrators install, see full.py

    def is_meant(self, word):
        return word == self.name or word not in KINDS and word in self.name.split("/")


KINDS = {kind.name: kind for kind in (
    Kind("12/6.1", "12", "6.1"),
    Kind("12/6.12", "12", "6.12"),
    Kind("13", "13"),
    Kind("testing", "testing"),
    Kind("12/plain", "12", "6.1", plain=True),
    Kind("13/plain", "13", plain=True),
    Kind("testing/plain", "testing", plain=True),
    Kind("12/full", "12", "6.1", plain=True, full=True),
    Kind("13/full", "13", plain=True, full=True),
    Kind("testing/full", "testing", plain=True, full=True),
)}

# One of each Debian release.
EVERYWHERE = ("12/6.1", "13", "testing")
PLAIN = ("12/plain", "13/plain", "testing/plain")
FULL = ("12/full", "13/full", "testing/full")

# Without MACHINES a case runs on the oldest one. If its name begins with one of these words, it is
# about something that differs between kernels, libraries and systemd versions, and runs on all.
USUAL = ("12/6.1",)
BEGINNINGS = ("bench", "early", "lock", "trust")


def of_case(name, module):
    """The kinds that a case is for."""
    usual = EVERYWHERE if name.split("-")[0] in BEGINNINGS else USUAL
    return [KINDS[kind] for kind in getattr(module, "MACHINES", usual)]


def meant_by(words):
    return [kind for kind in KINDS.values() if any(map(kind.is_meant, words))]
