# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shared by the tests of lpctl: machines as trees of files, modules, and what lpctl must not do.

Run by Meson: $LPCTL is the built program, $LPD_LIBEXECDIR the directory of the built lpd-parser,
$SOURCE_ROOT the top of the tree, $CC a compiler."""

import functools
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import jsonschema

os.umask(0o022)   # files that others can write to are refused

TOP = Path(os.environ["SOURCE_ROOT"])
LPCTL = os.environ["LPCTL"]
KERNEL = "6.1.0-56-cloud-amd64"
BUILD_IDS = {"fix_net": "aa" * 20, "lp_old": "0d" * 20, "lp_all": "a1" * 20, "fix_left": "1e" * 20,
             "fix_new": "ee" * 20}
STATUSES = {0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 64, 78}


class Link(str):
    """A symbolic link, as the content of a file."""


def plant(root, files):
    """Creates files: text, bytes, a Link, or None for a directory."""
    for path, content in files.items():
        place = Path(root, path.lstrip("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            place.mkdir(exist_ok=True)
        elif isinstance(content, Link):
            place.symlink_to(content)
        else:
            place.write_bytes(content if isinstance(content, bytes) else content.encode())


def note(build_id):
    """An ELF note as in /sys: elf(5), Nhdr."""
    raw = bytes.fromhex(build_id)
    sizes = (4, len(raw), 3)
    return b"".join(n.to_bytes(4, "little") for n in sizes) + b"GNU\0" + raw


def kernel(release, livepatch=True, cmdline="BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro quiet\n"):
    files = {
        "/proc/sys/kernel/osrelease": f"{release}\n",
        "/proc/sys/kernel/modules_disabled": "0\n",
        "/proc/cmdline": cmdline,
        "/sys/module/module/parameters/sig_enforce": "N\n",
        "/sys/kernel/notes": note("5e" * 20),
        "/sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
        "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "/etc/lpd/patches.d": None,
        "/var/lib/lpd/modules": None,
    }
    return files | ({"/sys/kernel/livepatch": None} if livepatch else {})


def loaded(name, enabled=1, transition=0, replace=None, registered=True, function="cmdline_proc_show"):
    module, patch = f"/sys/module/{name}", f"/sys/kernel/livepatch/{name}"
    files = {
        f"{module}/initstate": "live\n",
        f"{module}/refcnt": f"{int(registered)}\n",
        f"{module}/taint": "OEK\n",
        f"{module}/notes/.note.gnu.build-id": note(BUILD_IDS[name]),
    }
    if registered:
        files |= {
            f"{patch}/enabled": f"{enabled}\n",
            f"{patch}/transition": f"{transition}\n",
            f"{patch}/vmlinux/{function},1": None,
        }
    if registered and replace is not None:
        files[f"{patch}/replace"] = f"{replace}\n"
    return files


def result(name, state="active", over=(), **fields):
    o = {"name": name, "action": "load", "state": state, "stage": "system",
         "moduleName": name.replace("-", "_"), "replaces": list(over), "loaded": state == "active",
         "complete": True, "exitStatus": 0, "since": 1700000000000000, "monotonic": 5000000}
    return {f"/run/lpd/{name}.json": json.dumps(o | fields)}


def task(pid, tid, comm, patch_state, cmdline=b"", stack="", state="S", cpu=0):
    there = f"/proc/{pid}/task/{tid}"
    return {
        f"{there}/comm": f"{comm}\n",
        f"{there}/cmdline": cmdline,
        f"{there}/patch_state": f"{patch_state}\n",
        f"{there}/stat": f"{tid} ({comm}) {state} {'1 ' * 35}{cpu} 0 0\n",
        f"{there}/stack": stack,
    }


def manifest(name, *lines):
    return {f"/etc/lpd/patches.d/{name}.conf": "\n".join(("[Patch]", *lines, ""))}


PERMISSIVE = {"/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\n"}


@functools.lru_cache(maxsize=None)
def module(name, release=KERNEL, livepatch=True, build_id="0123456789abcdef0123456789abcdef01234567", fixes=(),
           srcversion=None):
    """The bytes of an object file that describes itself as a live patch; no kernel would load
    it."""
    info = {"license": "GPL", "name": name, "vermagic": f"{release} SMP preempt mod_unload modversions "}
    if livepatch:
        info["livepatch"] = "Y"
    if srcversion:
        info["srcversion"] = srcversion
    pairs = [(key, key, value) for key, value in info.items()]
    pairs += [(f"fixes_{i}", "fixes", words) for i, words in enumerate(fixes)]
    source = "".join(
        f'static const char i_{symbol}[] __attribute__((section(".modinfo"), used, aligned(1))) = '
        f'"{key}={value}";\n' for symbol, key, value in pairs)
    with tempfile.TemporaryDirectory() as directory:
        plant(directory, {"m.c": source + "int replacement(int i);\n"
                                          "int replacement(int i) { return i + 1; }\n"})
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-r", "-nostdlib",
                        f"-Wl,--build-id=0x{build_id}", "m.c", "-o", "m.ko"], cwd=directory, check=True)
        return Path(directory, "m.ko").read_bytes()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def compressed(data, tool):
    return subprocess.run([tool, "-c"], input=data, capture_output=True, check=True).stdout


def tree_of(root):
    """Everything below root: modes, links and contents."""
    found = {}
    for path in sorted(Path(root).rglob("*")):
        mode = oct(path.lstat().st_mode)
        if path.is_symlink():
            content = os.readlink(path)
        elif path.is_file():
            content = path.read_bytes()
        else:
            content = None
        found[str(path.relative_to(root))] = (mode, content)
    return found


@functools.lru_cache(maxsize=None)
def validator(verb):
    status = json.loads((TOP / "docs/lpd-status.schema.json").read_text())
    verbs = json.loads((TOP / "docs/lpctl.schema.json").read_text())
    store = {"lpd-status.schema.json": status, "lpctl.schema.json": verbs}
    with warnings.catch_warnings():   # the replacement of RefResolver is not in Debian 12
        warnings.simplefilter("ignore", DeprecationWarning)
        resolver = jsonschema.RefResolver("lpctl.schema.json", verbs, store=store)
    schema = {"$schema": verbs["$schema"], "$ref": f"lpctl.schema.json#/$defs/{verb}"}
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


class Case(unittest.TestCase):
    """Each test has a directory that contains the machine on which lpctl runs."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.scratch.chmod(0o755)
        self.root = self.scratch / "root"
        self.root.mkdir()

    def plant(self, *parts):
        for files in parts:
            plant(self.root, files)

    def place(self, name, data):
        path = self.scratch / name
        path.write_bytes(data)
        return path

    def read(self, path):
        return (self.root / path.lstrip("/")).read_text()

    def run_bare(self, *argv, env=None, warns=False, program=LPCTL, **options):
        """Runs lpctl with the given arguments, and checks what holds for every call: with status 0
        only a warning may be printed."""
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"LC_ALL": "C.UTF-8"}
        done = subprocess.run([program, *map(str, argv)], capture_output=True, timeout=20,
                              stdin=subprocess.DEVNULL, env=environment | (env or {}), **options)
        done.stdout, done.stderr = (s.decode(errors="surrogateescape") for s in (done.stdout, done.stderr))
        said = f"{argv}: {done.stdout}{done.stderr}"
        self.assertIn(done.returncode, STATUSES, said)
        self.assertNotRegex(done.stderr, "Sanitizer|runtime error", said)
        self.assertNotIn("\x1b", done.stdout + done.stderr, said)
        if done.returncode == 0:
            self.assertEqual(done.stderr != "", warns, said)
        else:
            self.assertRegex(done.stderr + done.stdout, r"\S", said)
        return done

    def lpctl(self, *argv, status=0, **options):
        done = self.run_bare(f"--root={self.root}", *argv, **options)
        self.assertEqual(done.returncode, status, f"{argv}: {done.stdout}{done.stderr}")
        return done

    def text(self, *argv, status=0, **options):
        done = self.lpctl(*argv, status=status, **options)
        if status != 0:
            self.assertRegex(done.stderr, r"\A(lpctl|usage): \S[^\n]*\n(       \S[^\n]*\n)?\Z")
        return done.stdout

    def json(self, verb, *argv, status=0):
        """The value that a verb prints: it must be the same in long and short form, and match the
        schema."""
        pretty = self.lpctl("--json=pretty", verb, *argv, status=status)
        self.assertEqual(pretty.stderr, "")
        value = json.loads(pretty.stdout)
        self.check_schema(verb, value, status)
        self.assertGreater(pretty.stdout.count("\n"), 1)
        return value

    def json_once(self, verb, *argv, status=0):
        """The same in short form only, for a verb that changes something."""
        done = self.lpctl("--json=short", verb, *argv, status=status)
        self.assertEqual((done.stderr, done.stdout.count("\n")), ("", 1))
        value = json.loads(done.stdout)
        self.check_schema(verb, value, status)
        return value

    def check_schema(self, verb, value, status):
        bare = set(value) == {"schemaVersion", "error"}
        validator("failure" if bare else verb).validate(value)
        self.assertEqual(value.get("error", {}).get("exitStatus", 0), status)

    def assert_same_everywhere(self, verb, *argv, status=0):
        """A read-only verb must say the same in each form, and must not change the machine."""
        before = tree_of(self.root)
        value = self.json(verb, *argv, status=status)
        self.assertEqual(self.json_once(verb, *argv, status=status), value)
        plain = self.lpctl(verb, *argv, status=status)
        off = self.lpctl("--json=off", verb, *argv, status=status)
        self.assertEqual((plain.stdout, plain.stderr), (off.stdout, off.stderr))
        self.assertEqual(tree_of(self.root), before)
        return value, plain.stdout


class ModulesCase(Case):
    """The machine has the modules of its kernel, which lock --dry-run reads."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.modules = Path(scratch.name, "modules")
        subprocess.run([sys.executable, TOP / "tests/unit/lock/make-modules.py", cls.modules, KERNEL],
                       check=True)

    def setUp(self):
        super().setUp()
        shutil.copytree(self.modules, self.root, dirs_exist_ok=True)
