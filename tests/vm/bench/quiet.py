# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a machine has to say against lpd after a boot."""

import re

WARNING = 4   # the priority, and a lower number is worse

# What only the kernel can say of a live patch, whoever loads it.
EXPECTED = re.compile(r"tainting kernel with TAINT_LIVEPATCH|loading out-of-tree module taints kernel\.$")
OURS = re.compile(r"\b(lpd|lpctl|livepatch|kpatch|lp[-_])", re.I)

# All units of lpd that the machine has.
UNITS = """$(find /usr/lib/systemd/system -maxdepth 1 -type f '(' -name 'lpd*' -o -name 'livepatch*' -o -name 'run-lpd*' ')' \
    -printf '%f\\n' | sed 's/@[.]/@x./')"""


def check_journal(m):
    """Nothing of this boot's journal that is of lpd, its units or the patches is a warning or worse."""
    entries = m.journal(f"--priority={WARNING}")
    said = [f"{_source(entry)}: {entry['MESSAGE']}" for entry in entries if _is_ours(entry)]
    m.equal("what the journal has against lpd", said, [])


def check_units(m):
    """systemd says nothing against lpd's units, among all others of this machine. It does not know their pages."""
    _, said = m.run(f"systemd-analyze verify --man=no --recursive-errors=one {UNITS}")
    m.equal("what systemd has against lpd's units", [line for line in said.splitlines() if OURS.search(line)], [])


def _source(entry):
    return entry.get("SYSLOG_IDENTIFIER", entry["_TRANSPORT"])


def _is_ours(entry):
    text = " ".join(str(entry.get(key, "")) for key in ("SYSLOG_IDENTIFIER", "UNIT", "_SYSTEMD_UNIT", "MESSAGE"))
    return bool(OURS.search(text)) and not EXPECTED.search(str(entry["MESSAGE"]))
