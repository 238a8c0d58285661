# SPDX-License-Identifier: LGPL-2.1-or-later
"""One qemu process: its command line, its agent port, its console, its monitor."""

import json
import re
import select
import shlex
import socket
import subprocess
import time

FAULT = re.compile(r"Kernel panic|BUG: |Oops: |general protection fault")

# No SMAP and no five-level page tables: both slow an emulated machine down and test nothing here.
# With rdrand no program waits for entropy.
CPU = "Nehalem,rdrand=on"

# A CPU without a random number generator, like many rented machines.
CPU_WITHOUT_RDRAND = "qemu64"
NO_RDRAND = "random.trust_cpu=off"

# Only emulation by translation: hardware acceleration hangs on some hosts.
MACHINE = ["-accel", "tcg", "-m", "512", "-display", "none",
           "-nodefaults", "-no-user-config",
           "-machine", "q35,i8042=off,vmport=off,smm=off,sata=off,smbus=off"]

# fsync in the guest reaches the host's page cache; data that the guest did not flush are lost with
# qemu.
DRIVE = "if=none,id={id},file={file},format={format},cache=writeback,discard=unmap"

CMDLINE = " ".join("""
    root=/dev/vda rw console=ttyS0 loglevel=6 panic=-1 systemd.show_status=0
    tsc_early_khz={tsc_khz} tsc=reliable no_timer_check nowatchdog
    mitigations=off cryptomgr.notests init_on_alloc=0 audit=0
""".split())


# The device ends the machine or, if that goes on after a reset, resets it.
WATCHDOG = ["-device", "i6300esb", "-action", "watchdog=reset"]

BOOT_SECONDS = 120   # from the start of qemu until the agent answers, on a very busy host


def network(forwards):
    """A network of the machine's own that leads nowhere, except from ports of the host's loopback to some of the
    machine's: {port of the host: port of the machine}."""
    rules = "".join(f",hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:{inside}" for port, inside in forwards.items())
    return ["-netdev", f"user,id=net,restrict=on{rules}", "-device", "virtio-net-pci,netdev=net,romfile="]


class Failed(Exception):
    """A machine did not behave as the case expected; the text is the first wrong fact."""


class Reset(Failed):
    """The machine has reset itself, and has lost what it was asked."""


def arguments(kernel, initrd, disks, tsc_khz, cmdline="", smp=1, cpu=CPU, more=(), comes_back=False):
    """qemu's arguments, except for console, agent port and monitor; disks is [(id, file, format)],
    more is appended. A reset ends the machine unless it comes back."""
    if cpu == CPU_WITHOUT_RDRAND:
        cmdline = f"{NO_RDRAND} {cmdline}"
    argv = ["qemu-system-x86_64", *MACHINE, *([] if comes_back else ["-no-reboot"]), *more, "-cpu", cpu, "-smp", str(smp), "-kernel", str(kernel),
            "-initrd", str(initrd),
            "-append", f"{CMDLINE.format(tsc_khz=tsc_khz)} {cmdline}".strip(),
            "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent"]
    for name, file, fmt in disks:
        argv += ["-drive", DRIVE.format(id=name, file=file, format=fmt),
                 "-device", f"virtio-blk-pci,drive={name},serial={name}"]
    return argv


def by_hand(argv):
    """A shell script that boots the same machine with a root shell on the terminal."""
    argv = list(argv) + ["-chardev", "null,id=agent", "-serial", "mon:stdio", "-snapshot"]
    append = argv.index("-append") + 1
    argv[append] += " systemd.wants=bench-console.service"
    lines = "# The disk stays as it is (-snapshot). ctrl-a x ends the machine.\nexec "
    return f"#!/bin/sh\n{lines}{shlex.join(argv)}\n"


class Qemu:
    """A running qemu. All waits end when the machine panics, stops or exceeds the time."""

    def __init__(self, argv, console, incoming=None):
        self.console = console
        self.faults_allowed = False
        self._seen = 0
        self._awaited = None
        self._agent, agent = socket.socketpair()
        self._monitor, monitor = socket.socketpair()
        argv = ["setpriv", "--pdeathsig", "KILL", *argv, "-serial", f"file:{console}",
                "-chardev", f"socket,id=agent,fd={agent.fileno()}",
                "-chardev", f"socket,id=monitor,fd={monitor.fileno()}",
                "-mon", "chardev=monitor,mode=control"]
        if incoming:
            argv += ["-incoming", f"exec:cat {shlex.quote(str(incoming))}"]
        self._log = open(f"{console}.qemu", "wb")
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            pass_fds=(agent.fileno(), monitor.fileno()))
        agent.close()
        monitor.close()
        self._events = b""
        self.monitor("qmp_capabilities")

    def request(self, command, stdin=b"", timeout=60):
        """Makes the agent run a bash script: (status, output). Waits for the agent if necessary."""
        self.send(command, stdin, timeout)
        return self.answer(f"the answer to `{command}`", timeout + BOOT_SECONDS)

    def send(self, command, stdin=b"", timeout=60):
        command = command.encode()
        head = b"%d %d %d\n" % (len(command), len(stdin), timeout)
        self._agent.sendall(head + command + stdin)

    def answer(self, what, timeout, boots=None):
        """The next answer of the agent: (status, output). Raises Reset if more kernels than boots have
        started."""
        deadline = time.monotonic() + timeout
        self._awaited = boots
        head, rest = b"", b""
        while b"\n" not in head:
            head += self._receive(what, deadline)
        head, rest = head.split(b"\n", 1)
        status, length = map(int, head.split())
        while len(rest) < length:
            rest += self._receive(what, deadline)
        return status, rest.decode(errors="replace")

    def _receive(self, what, deadline):
        while not select.select([self._agent], [], [], 0.2)[0]:
            self._check(what, deadline)
        try:
            data = self._agent.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            self._process.wait(10)
            self._check(what, deadline)
        return data

    def _check(self, what, deadline):
        if not self.faults_allowed:
            self._check_console()
        if self._process.poll() is not None:
            raise Failed(f"the machine ended while the bench waited for {what}")
        if self._awaited is not None and self.boots() > self._awaited:
            raise Reset(f"the machine reset itself while the bench waited for {what}")
        if time.monotonic() > deadline:
            raise Failed(f"no answer in time: {what}")

    def _check_console(self):
        """Ends the case if the kernel has reported a fault since the last check."""
        with open(self.console, "rb") as file:
            file.seek(self._seen)
            text = file.read()
        text = text[:text.rfind(b"\n") + 1]
        self._seen += len(text)
        for line in text.decode(errors="replace").splitlines():
            if FAULT.search(line):
                time.sleep(0.5)   # the trace may still be incomplete
                raise Failed(f"the kernel says: {line.strip()}")

    def boots(self):
        """The number of kernels that have started."""
        with open(self.console, "rb") as file:
            return file.read().count(b"Linux version ")

    def wait_end(self, timeout):
        """Waits until the machine has powered off or asked for a reboot."""
        deadline = time.monotonic() + timeout
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                raise Failed(f"the machine did not power off within {timeout} s")
            time.sleep(0.05)
        if not self.faults_allowed:
            self._check_console()
        self.close()

    def monitor(self, command, **arguments):
        """Runs one command of the monitor and returns its answer."""
        request = {"execute": command, "arguments": arguments}
        self._monitor.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self._monitor_line()
            if "error" in message:
                raise Failed(f"qemu refuses {command}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]

    def _monitor_line(self):
        self._monitor.settimeout(60)
        while b"\n" not in self._events:
            data = self._monitor.recv(65536)
            if not data:
                self._process.wait(10)
                raise Failed(f"qemu did not start, see {self.console}.qemu")
            self._events += data
        line, self._events = self._events.split(b"\n", 1)
        return json.loads(line)

    def save(self, path):
        """Stops the machine and writes its memory and devices to a file; qemu ends."""
        self.monitor("stop")
        self.monitor("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.monitor("migrate", uri=f"exec:cat >{shlex.quote(str(path))}")
        self._wait_migration()
        self.monitor("quit")
        self._process.wait(30)
        self.close()

    def go_on(self):
        """Resumes a machine that was started from a saved one, once everything is loaded."""
        self._wait_migration()
        self.monitor("cont")

    def _wait_migration(self):
        for _ in range(1200):
            status = self.monitor("query-migrate").get("status")
            if status == "completed":
                return
            if status in ("failed", "cancelled"):
                break
            time.sleep(0.05)
        raise Failed(f"the machine's state was not carried over: {status}")

    def kill(self):
        """The power cut: nothing in the machine or in qemu executes another instruction."""
        self._process.kill()
        self._process.wait(30)
        self.close()

    def close(self):
        for file in (self._agent, self._monitor, self._log):
            file.close()

    @property
    def runs(self):
        return self._process.poll() is None
