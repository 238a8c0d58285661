# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines that go down by themselves: a panic, a hang that a watchdog ends."""

import itertools
import time

from .qemu import BOOT_SECONDS, Failed, Reset

# Sent again after each reset, until one is answered. A request that the machine has not read before
# a reset is read by the next boot, so each answer must name its request.
ASK = "echo {word}; timeout 20 systemctl is-system-running --wait"


class Resets:
    """Part of Machine. Both switches count from the next boot() on."""

    comes_back = False   # a reset starts the machine again, with its memory as it was, instead of ending it
    watchdog = False     # it has a watchdog, i6300esb (not in the cloud kernels of 6.1)

    @property
    def boots(self):
        """The number of kernels that have started since boot()."""
        return self._qemu.boots()

    def resets(self, command, quiet=0, timeout=2 * BOOT_SECONDS):
        """Runs a command that makes the machine reset itself; then like comes_up(). Returns the number of
        boots that it took: 1 if the first one remained up."""
        before = self.boots
        self._qemu.send(command)
        deadline = time.monotonic() + timeout
        while self.boots == before:
            if not self._qemu.runs:
                raise Failed(f"the machine ended after `{command}`")
            if time.monotonic() > deadline:
                raise Failed(f"`{command}` did not reset the machine within {timeout} s")
            time.sleep(0.1)
        return self.comes_up(quiet, timeout) - before

    def comes_up(self, quiet=0, timeout=2 * BOOT_SECONDS):
        """Waits until a boot is complete and remains up for that many seconds; returns the number of boots
        since boot()."""
        deadline = time.monotonic() + timeout
        self.wait_console("Linux version", timeout)
        for number in itertools.count(1):
            boots = self.boots
            try:
                self._ask(f"bench-{time.monotonic_ns()}", boots, deadline)
                self._stay(boots, quiet)
                return boots
            except Reset:
                if time.monotonic() > deadline:
                    raise Failed(f"the machine reset itself {number} times within {timeout} s") from None

    def _ask(self, word, boots, deadline):
        self._qemu.send(ASK.format(word=word), timeout=int(BOOT_SECONDS))
        while True:
            left = max(1, deadline - time.monotonic())
            _, answer = self._qemu.answer("the end of the boot", left, boots)
            state = answer.split()
            if state[:1] != [word]:
                continue
            if state[-1] in ("running", "degraded"):
                return
            self._qemu.send(ASK.format(word=word), timeout=int(BOOT_SECONDS))

    def _stay(self, boots, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.1)
            if self.boots != boots:
                raise Reset("the machine has reset itself")
