# SPDX-License-Identifier: LGPL-2.1-or-later
"""What came out: a file with the latest result of each case on each kind of machine."""

import json
import os
import threading
import time
from pathlib import Path

PASSED, UNSTABLE, FAILED = "passed", "unstable", "failed"   # unstable: it passed when it was run again alone


class Results:
    """The results of a file, to which runs add theirs; without a file they are not kept."""

    def __init__(self, path):
        self._path = path
        self._lock = threading.Lock()
        self._found = {}   # {(case, machine): result}
        if path and path.exists():
            self._found = {(one["case"], one["machine"]): one for one in json.loads(path.read_text())}

    def of(self, case, machine):
        return self._found.get((case, machine))

    def all(self):
        return list(self._found.values())

    def add(self, case, machine, outcome, kernel, seconds):
        """Replaces an earlier result of the same case there. The file is complete at any time."""
        with self._lock:
            self._found[case, machine] = {"case": case, "machine": machine, "outcome": outcome, "kernel": kernel,
                                          "seconds": round(seconds, 1), "date": time.strftime("%Y-%m-%d")}
            if self._path:
                fresh = Path(f"{self._path}.new")
                fresh.write_text(json.dumps([self._found[key] for key in sorted(self._found)], indent=1) + "\n")
                os.replace(fresh, self._path)
