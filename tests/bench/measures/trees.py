# SPDX-License-Identifier: LGPL-2.1-or-later
"""The generator and `lpctl status` with many manifests: on this host, and in a machine that counts
instructions."""

import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.command import run

from . import machines

RELEASE = "6.1.0-1-amd64"
SHARED_MEMORY = "/dev/shm"   # generators write to /run at boot, which is a tmpfs too

GENERATOR = "usr/lib/systemd/system-generators/lpd-generator"
LPCTL = "usr/sbin/lpctl"

# In the machine its own shell creates the tree, which is faster than copying it there.
MAKE_TREE = """
    mkdir -p {tree}/etc/lpd/patches.d {tree}/proc/sys/kernel {tree}/var/lib/lpd/modules/{release}
    echo {release} >{tree}/proc/sys/kernel/osrelease
    for ((i = 1; i <= {count}; i++)); do
        printf '[Patch]\\nDescription=Patch number %d\\n\\n[Kernel:{release}]\\nSHA256=%064d\\n' \\
            $i $i >{tree}/etc/lpd/patches.d/fix-$i.conf
        >{tree}/var/lib/lpd/modules/{release}/fix-$i.ko
    done
"""


def generator_command(top, tree, out):
    return f"rm -rf {out}; mkdir {out}; export LPD_GENERATOR_ROOT={tree}", \
        f"{top}/{GENERATOR} {out}"


def status_command(top, tree, out):
    return "true", f"{top}/{LPCTL} --root={tree} status"


@contextmanager
def host(build_dir):
    """A function like Machine.ok() for this host, and the directory that contains lpd."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as directory:
        top = Path(directory)
        run("meson", "install", "-C", build_dir, "--quiet", "--destdir", top / "install")
        machines.build_rusage(top / "rusage")
        yield (lambda command: run("bash", "-c", command)), top


def measure_on_host(build_dir, command, counts, rounds):
    """{count: median microseconds of CPU}"""
    with host(build_dir) as (ok, top):
        return {count: _measure(ok, top, top / "install", command, count, rounds)
                for count in counts}


def measure_counted(lab, series, command, counts, rounds):
    """{count: median thousands of instructions}, including those of the kernel"""
    with machines.machine(lab, series, machines.CountingMachine) as m:
        m.boot()
        m.ok("mount -t tmpfs tmpfs /mnt")
        machines.give_rusage(m, "/mnt/rusage")
        return {count: _measure(lambda c: m.ok(c, timeout=600), Path("/mnt"), "", command, count,
                                rounds)
                for count in counts}


def _measure(ok, top, prefix, command, count, rounds):
    tree = top / "tree"
    ok(MAKE_TREE.format(tree=tree, release=RELEASE, count=count))
    prepare, program = command(prefix, tree, top / "out")
    samples = [_once(ok, f"{prepare}; {top}/rusage {program} 2>/dev/null")
               for _ in range(rounds + 1)]
    ok(f"rm -rf {tree}")
    return median(samples[1:])   # the first round also reads the programs from the disk


def _once(ok, command):
    cpu, _, _, status = map(int, ok(command).split())
    if status != 0:
        raise SystemExit(f"`{command}` gave exit status {status}")
    return cpu
