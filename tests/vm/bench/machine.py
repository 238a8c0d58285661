# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interface for cases: one machine with a disk, which is booted, queried, rebooted and powered
off."""

import base64
import json
import random
import shutil
import socket
import time
from pathlib import Path

from . import enlarged, firmware, gpt, initramfs, ledger, lpd, packages, qemu, suites
from .command import run
from .qemu import BOOT_SECONDS, Failed
from .resets import Resets
from .trust import Trust

RUN_SECONDS = 60
ASK_SECONDS = 20
PULL_SECONDS = 120
LUKS_TRIES = 20
# Reports that the agent of the next user space is running.
AGAIN = """[Unit]
After=bench-agent.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c "echo '<2>bench: soft-reboot' >/dev/kmsg"
[Install]
WantedBy=multi-user.target
"""
# Without lpd: the bench has installed its packages, or, from a build directory, files that dpkg does not know.
BENCH_LPD = """
    dpkg --purge lpd-kpatch lpd-dracut lpd-initramfs lpd
    rm -rf /usr/lib/lpd /usr/bin/lpctl /usr/sbin/lpctl /usr/lib/kernel/install.d/95-lpd.install \\
        /usr/lib/systemd/system/lpd* /usr/lib/systemd/system/livepatch* /usr/lib/systemd/system/run-lpd-sysfs.mount \\
        /usr/lib/systemd/system-generators/lpd-generator /etc/kernel/*/lpd /var/lib/lpd /etc/lpd
    systemctl daemon-reload
"""
NETWORK = "[Match]\nType=ether\n[Network]\nAddress=10.0.2.15/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
KILLED = -1   # the agent's status for a command that took too long


class Machine(Trust, Resets):
    """Created by the runner for one case; directory keeps everything that it leaves behind. Without
    a kernel series, the only one of the Debian release is used."""

    def __init__(self, lab, series, directory, seed=0, plain=False, full=False):
        self.suite = lab.suite.name
        self.series = series or next(iter(lab.base.kernels))
        self.plain = plain   # a machine as users have it: the boot is not trimmed, see plain.py
        self.full = full     # a plain one with what administrators install, see full.py
        self.smp = 4 if plain else 1
        self.cpu = qemu.CPU_WITHOUT_RDRAND if plain else qemu.CPU
        self.random = random.Random(seed)
        self.directory = directory
        self.faults_allowed = False   # True: a BUG or Oops on the console does not end the case
        self.pictures = directory   # where pictures of a browser are kept, also of a case that passes
        self._lab = lab
        self._qemu = None
        self._boots = 0
        self._images = 0     # number of initramfs images made so far
        self._root = None    # (id, file, format)
        self._disks = []     # the same for added disks
        self._slot = False   # where plug_disk() plugs the disk in
        self._forwards = {}  # port of the host's loopback → port of the machine
        self._packages = ()  # which it has beside the usual ones, see enlarged.py
        self._others = []    # made by another()
        self._variables = None   # the firmware's variable store; None: no firmware

    # Booting and ending

    def boot(self, series=None, cmdline="", smp=None, cpu=None, initramfs=None, secure_boot=None,
             mok=None, whole=False, wait=True, timeout=BOOT_SECONDS):
        """Starts the machine, with another kernel series, more kernel arguments, CPUs or another
        kind of CPU ("qemu64": without RDRAND) if given, and returns when its boot is complete
        (wait=False: at once).

        The first boot of a case resumes a machine that was saved after its boot, unless an argument
        or an added disk makes it different, or whole=True; later boots are whole.

        initramfs is the bench's small one, "debian" (made by initramfs-tools), or a path on the
        host.

        secure_boot gives the machine UEFI firmware, with Secure Boot on (True) or off (False), in
        which the keys mok are enrolled (names, see keys.py); later boots keep it."""
        self.series = series or self.series
        self.smp = smp or self.smp
        self.cpu = cpu or self.cpu
        if wait and not (whole or self.plain or cpu or cmdline or initramfs or mok or self._root
                         or self._disks or self._slot or self._forwards or self._packages
                         or self.watchdog):
            return self._resume(secure_boot)
        if not self._root:
            self._make_root(self._image.disk, "raw")
        if secure_boot is not None:
            self._make_variables(secure_boot, mok or firmware.MOK)
        self._start(self._arguments(cmdline, initramfs))
        if wait and self._variables:
            # Newer OVMF has a driver for the agent's port, and reads away what comes before the kernel.
            self.wait_console("Linux version", timeout)
        if wait:
            self.wait_booted(timeout)
        return self

    def wait_booted(self, timeout=BOOT_SECONDS):
        """Waits until systemd has no start job left; returns its state: running or degraded."""
        deadline = time.monotonic() + timeout
        state = ""
        # Asks repeatedly, because one lost answer does not mean that the boot hangs.
        while not state:
            if time.monotonic() > deadline:
                jobs = self.run("systemctl list-jobs --no-pager")[1]
                raise Failed(f"the boot did not end within {timeout} s{_quote(jobs)}")
            _, state = self.run(f"timeout {ASK_SECONDS} systemctl is-system-running --wait",
                                timeout=timeout)
            state = state.strip()
        if state not in ("running", "degraded"):
            raise Failed(f"the boot ended in the state {state}")
        return state

    def reboot(self, timeout=BOOT_SECONDS, **boot):
        """An orderly reboot, with the arguments of boot()."""
        self.shutdown(timeout)
        return self.boot(timeout=timeout, **boot)

    def shutdown(self, timeout=BOOT_SECONDS):
        """An orderly power-off (like `systemctl poweroff` without logind)."""
        self._qemu.send("systemctl start --no-block --job-mode=replace-irreversibly "
                        "poweroff.target")
        self._qemu.wait_end(timeout)

    def power_cut(self):
        """Cuts the power: everything that is not on the disk yet is lost."""
        self._qemu.kill()

    def cut_during(self, command, milliseconds, **boot):
        """Cuts the power that long after a command was started, then boots the same disk."""
        self._qemu.send(command)
        time.sleep(milliseconds / 1000)
        self.power_cut()
        return self.boot(**boot)

    def crash(self, timeout=BOOT_SECONDS):
        """The kernel panics, and the crash kernel that the case has loaded boots."""
        self._qemu.send("echo c >/proc/sysrq-trigger")
        # Wait for the new kernel to open the agent's port: the old kernel would get a request sent earlier.
        self.wait_console("/scripts/init-bottom", timeout, behind="elfcorehdr=")
        self.wait_booted(timeout)

    def wait_end(self, timeout=BOOT_SECONDS):
        """The machine ends by itself: after a panic, which resets it."""
        self._qemu.wait_end(timeout)

    def soft_reboot(self, timeout=BOOT_SECONDS):
        """User space ends and starts again, while the kernel keeps running; since systemd 254."""
        self.write("/run/systemd/system/bench-again.service", AGAIN)
        # The agent is killed like everything else, and counts as running until the new manager
        # notices.
        self.write("/run/systemd/system/bench-agent.service.d/again.conf", "[Service]\nRestart=always\n")
        self.ok("systemctl --runtime enable bench-again.service")
        self._qemu.send("systemctl soft-reboot; sleep infinity")
        # An earlier request would go to the agent that is ending.
        self.wait_console("bench: soft-reboot", timeout)
        self.wait_booted(timeout)

    def wait_console(self, text, seconds=BOOT_SECONDS, behind=None):
        """Waits until the console shows that text, after another text if given."""
        deadline = time.monotonic() + seconds
        while True:
            said = self.console.read_text(errors="replace")
            if text in (said.partition(behind)[2] if behind else said):
                return
            if time.monotonic() > deadline:
                raise Failed(f"the console did not say {text!r} within {seconds} s")
            time.sleep(0.1)

    def save(self, path):
        """Stops the machine and saves its memory to a file, so that a later one can resume it."""
        self._qemu.save(path)

    def _resume(self, secure_boot):
        saved = self._lab.saved(self.series, self.smp, secure_boot)
        self._make_root(saved.disk, "qcow2")
        if secure_boot is not None:
            self._variables = Path(shutil.copy(saved.variables, self.directory))
        self._start(self._arguments(), saved.memory)
        self._qemu.go_on()
        self.ok(f"date -s @{time.time():.3f}")
        return self

    def _make_root(self, backing, fmt):
        disk = self.directory / "disk.qcow2"
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F", fmt, disk)
        self._root = ("root", disk, "qcow2")

    def _make_variables(self, secure_boot, mok=firmware.MOK):
        self._variables = self.directory / "variables.fd"
        self._lab.firmware.write_variables(self._variables, secure_boot, mok)

    @property
    def variables(self):
        """The file with the firmware's variables, for a machine that is off."""
        return self._variables

    def _arguments(self, cmdline="", initramfs=None):
        kernel = self._lab.base.kernels[self.series]
        if initramfs == "debian":
            initramfs = kernel.initrd
        programs = self._lab.programs
        image, more = kernel.vmlinux, []
        if self._variables:
            image = self._lab.firmware.kernels[self.series]
            more = firmware.arguments(self._variables)
        initramfs = initramfs or self.initramfs
        if self._slot:
            more = [*more, "-device", "pcie-root-port,id=free"]
        if self.watchdog:
            more = [*more, *qemu.WATCHDOG]
        if self._forwards:
            more = [*more, *qemu.network(self._forwards)]
        return qemu.arguments(image, initramfs, [self._root, *self._disks], programs.tsc_khz,
                              cmdline, self.smp, self.cpu, more, self.comes_back)

    @property
    def initramfs(self):
        """The image that it boots from unless a case says another one."""
        return (self._lab.plain_initrd(self.series, self.full) if self.plain
                else self._lab.programs.initrds[self.series])

    @property
    def _image(self):
        if self._packages:
            return self._lab.image_with(self._packages)
        if self.full:
            return self._lab.full_image
        return self._lab.plain_image if self.plain else self._lab.image

    def prepare_by_hand(self, secure_boot):
        """A program that boots a new machine with a shell on the current terminal."""
        self._make_root(self._image.disk, "raw")
        if secure_boot:
            self._make_variables(secure_boot)
        return self._write_by_hand(self._arguments())

    def _write_by_hand(self, argv):
        path = self.directory / "boot-by-hand"
        path.write_text(qemu.by_hand(argv))
        path.chmod(0o755)
        return path

    def _start(self, argv, incoming=None):
        self._boots += 1
        self._write_by_hand(argv)
        self._qemu = qemu.Qemu(argv, self.console, incoming)
        self._qemu.faults_allowed = self.faults_allowed

    def close(self):
        """Stops the machine if it still runs, and those that were made by another()."""
        for machine in self._others:
            machine.close()
        if self._qemu and self._qemu.runs:
            self._qemu.kill()

    # Facts about the machine

    @property
    def console(self):
        """The console log of the latest boot."""
        return self.directory / f"console-{self._boots}.log"

    @property
    def kernel(self):
        """The release of the kernel series that was booted last."""
        return self._lab.base.kernels[self.series].release

    @property
    def mok_keyring(self):
        """Where the last booted kernel puts the keys of MokListRT. Debian's 6.1 and 6.12 always use
        .machine; since 7 that keyring is filled from shim's table of variables, as upstream
        (security/integrity/platform_certs/machine_keyring.c), and there is no shim here."""
        return ".machine" if int(self.series.split(".")[0]) < 7 else ".platform"

    # Asking it

    def run(self, command, stdin="", timeout=RUN_SECONDS):
        """Runs a bash script as root: (exit status, output with standard error)."""
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        status, output = self._qemu.request(command, data, timeout)
        if status == KILLED:
            raise Failed(f"`{command}` did not end within {timeout} s{_quote(output)}")
        return status, output

    def ok(self, command, stdin="", timeout=RUN_SECONDS):
        """Runs a command that must succeed; returns its output."""
        return self.fails(command, exit=0, stdin=stdin, timeout=timeout)

    def fails(self, command, exit=None, says=None, stdin="", timeout=RUN_SECONDS):
        """Runs a command that must fail, with that status and text if given; returns its output."""
        status, output = self.run(command, stdin, timeout)
        if exit is None and status == 0:
            raise Failed(f"`{command}` succeeded{_quote(output)}")
        if exit is not None and status != exit:
            raise Failed(f"`{command}` gave exit status {status}, not {exit}{_quote(output)}")
        if says is not None and says not in output:
            raise Failed(f"`{command}` does not say {says!r}{_quote(output)}")
        return output

    def sees(self, command, text, timeout=RUN_SECONDS):
        """Runs a command that must succeed and print the text; returns its output."""
        return self.fails(command, exit=0, says=text, timeout=timeout)

    def sees_not(self, command, text, timeout=RUN_SECONDS):
        """Runs a command that must succeed and not print the text; returns its output."""
        output = self.ok(command, timeout=timeout)
        if text in output:
            raise Failed(f"`{command}` says {text!r}{_quote(output)}")
        return output

    def json(self, command, exit=0, timeout=RUN_SECONDS):
        """Runs a command and returns the value of the JSON on its standard output."""
        output = self.fails(f"{{ {command}\n}} 2>/run/bench-stderr", exit=exit, timeout=timeout)
        try:
            return json.loads(output)
        except ValueError as error:
            raise Failed(f"`{command}` printed no JSON ({error}){_quote(output)}") from None

    def equal(self, what, found, wanted):
        """Compares two values and names them if they differ."""
        if found != wanted:
            raise Failed(f"{what} is {found!r}, not {wanted!r}")

    def contains(self, what, text, part):
        """Searches a text for a part and quotes the end of the text if it is missing."""
        if part not in text:
            raise Failed(f"{what} does not say {part!r}{_quote(text)}")

    def before(self, what, first, other, second):
        """Compares the monotonic times of two entries of the journal."""
        times = [int(e.get("_SOURCE_MONOTONIC_TIMESTAMP", e["__MONOTONIC_TIMESTAMP"]))
                 for e in (first, second)]
        if times[0] >= times[1]:
            raise Failed(f"{what} came at {times[0] / 1e6:.3f} s, {other} at {times[1] / 1e6:.3f} s")

    def patch_status(self, name):
        """The entry of `lpctl status` for one patch, as in its JSON Schema."""
        return self.json(f"lpctl status {name} --json=short")["patches"][0]

    def state(self, name):
        """The state of one patch: active, transition, failed, …"""
        return self.patch_status(name)["state"]

    def wait_until(self, command, seconds=30):
        """Repeats a command until it succeeds; returns its output."""
        deadline = time.monotonic() + seconds
        while True:
            status, output = self.run(command)
            if status == 0:
                return output
            if time.monotonic() > deadline:
                raise Failed(f"`{command}` did not succeed within {seconds} s{_quote(output)}")
            time.sleep(0.1)

    def background(self, command):
        """Starts a command in the background; returns the process id of the shell that runs it
        (with `exec` before the command: its own)."""
        shell = f"setsid bash -c {_shell_quote(command)} >/run/bench-background-$$ 2>&1"
        return int(self.ok(f"{shell} & echo $!"))

    def journal(self, *matches):
        """The matching journal entries of this boot (journalctl's arguments), as dictionaries."""
        arguments = " ".join(map(_shell_quote, matches))
        text = self.ok(f"journalctl --boot --all --output=json {arguments}")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    # Changing it

    def write(self, path, text, mode=None):
        """Writes a file in the machine, and creates its directory."""
        quoted = _shell_quote(path)
        self.ok(f"mkdir -p $(dirname {quoted}) && cat >{quoted}", stdin=text)
        if mode is not None:
            self.ok(f"chmod {mode:o} {quoted}")

    def push(self, local, path):
        """Copies a file of the host into the machine."""
        self.write(path, Path(local).read_bytes(), mode=Path(local).stat().st_mode & 0o777)

    def packages(self):
        """Removes the lpd that the bench has installed, and copies packages to /root: lpd.deb, newer-lpd.deb, lpd-initramfs.deb, lpd-dracut.deb, lpd-kpatch.deb,
        two versions of one with a patch, fix-1.deb and fix-2.deb (see packages.py), and those that are kept of
        the release (see suites.py)."""
        made, examples = self._lab.packages
        files = {f"fix-{version}.deb": examples / f"{version}.deb" for version in (1, 2)}
        for name in lpd.PACKAGES:
            files[f"{name}.deb"] = made / f"{name}.deb"
        files |= {path.name: path for path in self._lab.base.kept.iterdir()}
        files["newer-lpd.deb"] = packages.newer(made / "lpd.deb", self.directory)
        self.ok(BENCH_LPD)
        self.write_all("/root", {name: path.read_bytes() for name, path in files.items()})

    def disk(self, name, size="256M", source=None):
        """Adds an ext4 disk with that label, empty or with a directory of the image (such as
        "/var"). It appears at the next boot, and the case's /etc/fstab mounts it by LABEL=name."""
        path = self.directory / f"{name}.raw"
        tree = ["-d", self._image.tree / source.lstrip("/")] if source else []
        run("mke2fs", "-q", "-t", "ext4", "-L", name, *tree, path, size)
        self._disks.append((name, path, "raw"))

    def partitioned_disk(self, name, size=64 << 20, unique="12345678-9abc-4ef0-8234-56789abcdef0"):
        """Adds a disk with one empty partition of that name (PARTLABEL) and number (PARTUUID), of
        the kind that firmware boots from."""
        path = self.directory / f"{name}.raw"
        gpt.write(path, size, name, unique)
        self._disks.append((name, path, "raw"))

    def move_root(self, name, offset):
        """Writes the root file system of a machine that is off into an added disk, from that byte on; the disk
        takes the place of its root disk."""
        _, disk, fmt = self._root
        added = next(entry for entry in self._disks if entry[0] == name)
        target = f"driver=raw,offset={offset},size={_virtual_size(disk)},file.filename={added[1]}"
        run("qemu-img", "convert", "-n", "-f", fmt, disk, "--target-image-opts", target)
        self._disks.remove(added)
        self._root = ("root", added[1], added[2])

    def encrypt_root(self, passphrase):
        """Puts the root disk of a machine that is off into a LUKS volume, a format that qemu supports."""
        key = ["--object", f"secret,id=key,data={passphrase}"]
        form = "key-secret=key,cipher-alg=aes-256,cipher-mode=xts,ivgen-alg=plain64,iter-time=10"
        name, disk, fmt = self._root
        path = self.directory / "root.luks"
        # qemu first measures its key derivation, with a clock that may show no time at all for a
        # few milliseconds.
        for left in reversed(range(LUKS_TRIES)):
            try:
                run("qemu-img", "convert", "-f", fmt, "-O", "luks", *key, "-o", form, disk, path)
                break
            except SystemExit as failure:
                if not left or "accurate CPU usage" not in str(failure):
                    raise
        self._root = (name, path, "raw")

    def forward(self, inside):
        """Forwards a port of the host's loopback to that one of the machine, from the next boot on; returns it."""
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        self._forwards[port] = inside
        return port

    def network(self):
        """Brings the network up at whose end the forwarded ports are."""
        self.write("/etc/systemd/network/80-bench.network", NETWORK)
        self.ok("modprobe virtio_net; systemctl start systemd-networkd")

    @property
    def store(self):
        """The cache."""
        return self._lab.store

    def with_packages(self, *names):
        """The machine has those packages of its Debian release as well, from its first boot on."""
        self._packages = names

    def tree_of_another_release(self, *names):
        """A tree with those packages, for programs of the machine's Debian release; None: the host is of it."""
        if self._lab.suite.codename == suites.of_host():
            return None
        return enlarged.tree(self.store, self._lab.base, names).tree

    def another(self, name):
        """A second machine of the same kind, which stops with this one."""
        directory = self.directory / name
        directory.mkdir()
        self._others.append(Machine(self._lab, self.series, directory, plain=self.plain, full=self.full))
        return self._others[-1]

    def slot(self):
        """Adds a slot for plug_disk(), from the next boot on."""
        self._slot = True

    def plug_disk(self, size="16M"):
        """Plugs a virtio SCSI controller with an empty disk into the slot of the running machine:
        /dev/sda."""
        path = self.directory / "plugged.raw"
        run("truncate", "-s", size, path)
        plug = self._qemu.monitor
        plug("blockdev-add", driver="file", filename=str(path), **{"node-name": "plugged"})
        plug("device_add", driver="virtio-scsi-pci", id="controller", bus="free")
        plug("device_add", driver="scsi-hd", bus="controller.0", drive="plugged")

    def stop_disk(self, name):
        """Stops an added disk from answering, like a disk that is about to fail."""
        self._throttle(name, 1)

    def go_on_disk(self, name):
        """Makes it answer again, including earlier requests."""
        self._throttle(name, 0)

    def _throttle(self, name, rate):
        none = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
        self._qemu.monitor("block_set_io_throttle", device=name, bps=rate, **none)

    def make_initramfs(self, tool="initramfs-tools", systemd=True, confirmed=True):
        """Makes initramfs-tools or "dracut" (with or without systemd in the image) build an image
        for the running kernel, in a copy of the image's tree that has the machine's patches and
        policy, because that takes a minute in the machine itself. Returns a file to boot from,
        unpacked for the same reason; the packed image is "FILE.zst". The machine knows the builds in
        it, unless they are to remain on trial: then not every machine loads them there."""
        if confirmed:
            ledger.confirm_all(self)
        self._images += 1
        tree, path = self.directory / "tree", self.directory / f"initrd-{self._images}"
        run("cp", "-al", self._image.tree, tree)
        for name in initramfs.SOURCES:
            shutil.rmtree(tree / name, ignore_errors=True)
        pack = f"cd / && tar -c $(ls -d {' '.join(initramfs.SOURCES)} 2>/dev/null) | base64"
        archive = base64.b64decode(self.ok(pack, timeout=PULL_SECONDS))
        (tree / "lpd.tar").write_bytes(archive)
        run("tar", "-x", "-C", tree, "-f", tree / "lpd.tar")
        packed = initramfs.make(tree, tool, self.kernel, systemd)
        packed.rename(path.with_suffix(".zst"))
        initramfs.unpack(path.with_suffix(".zst"), path)
        shutil.rmtree(tree)
        return path

    # What the runner needs after a failure

    def keep_evidence(self):
        """Writes the journal next to the console log, if the machine still answers."""
        try:
            _, text = self.run("journalctl --boot --no-pager --output=short-monotonic", timeout=15)
            (self.directory / "journal.txt").write_text(text)
        except Exception:
            pass   # it no longer answers, so there is only the console log

    def forget(self):
        shutil.rmtree(self.directory)


def _virtual_size(disk):
    return json.loads(run("qemu-img", "info", "--output=json", disk))["virtual-size"]


def _shell_quote(text):
    return "'" + str(text).replace("'", "'\\''") + "'"


def _quote(output):
    tail = output.strip().splitlines()[-12:]
    return "".join(f"\n      | {line[:300]}" for line in tail)
