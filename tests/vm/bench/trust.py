# SPDX-License-Identifier: LGPL-2.1-or-later
"""The methods of a machine for cases about signatures."""

import io
import json
import tarfile
from pathlib import PurePosixPath

from .qemu import Failed

TRY_SECONDS = 300   # enough for some hundred modules
VERIFY = 'while read -r f; do lpctl verify --json=short "$f" </dev/null; done 2>/dev/null; true'


class Trust:
    """A part of Machine."""

    def patch(self, name, by=None):
        """The path, in the machine, of a patch built for the running kernel. by is one of the ways
        of signing it (see signed.py), None: unsigned."""
        if by:
            return f"/patches/{self.kernel}/signed/{name}.{by}.ko"
        return f"/patches/{self.kernel}/{name}.ko"

    def patch_bytes(self, name, by=None):
        """The bytes of that patch."""
        top = self._lab.signed.top if by else self._lab.patches
        return (top / PurePosixPath(self.patch(name, by)).relative_to("/patches")).read_bytes()

    @property
    def signer(self):
        """Makes other signatures, see signing.py: m.signer.sign(data, "mok", embed=True)."""
        return self._lab.signed.signers[self.series]

    def write_all(self, directory, files):
        """Writes many files at once, {name: bytes}, into a directory of the machine."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        self.ok(f"mkdir -p '{directory}' && tar -x -C '{directory}'", stdin=archive.getvalue())

    def verify(self, path):
        """The value that lpctl verify prints as JSON for a file."""
        return self.verify_each([path])[0]

    def verify_each(self, paths):
        """The same for many files: a list of values."""
        lines = "".join(f"{path}\n" for path in paths)
        output = self.ok(VERIFY, stdin=lines, timeout=TRY_SECONDS)
        values = [json.loads(line) for line in output.splitlines() if line]
        if len(values) != len(paths):
            raise Failed(f"{len(values)} answers for {len(paths)} files")
        return values

    def kernel_takes(self, path):
        """Whether the kernel loads that module now, and its answer: the taint of the module ("OK",
        "OEK") or the name of the error ("EKEYREJECTED"). The module is removed again."""
        return self.kernel_takes_each([path])[0]

    def kernel_takes_each(self, paths):
        """The same for many modules, one after the other: a list of answers."""
        lines = "".join(f"{path}\n" for path in paths)
        output = self.ok("/usr/lib/bench-try-modules", stdin=lines, timeout=TRY_SECONDS)
        answers = [line.split(" ") for line in output.splitlines()]
        if len(answers) != len(paths):
            raise Failed(f"{len(answers)} answers for {len(paths)} modules")
        return [(error == "0", taint if error == "0" else error) for error, taint in answers]
