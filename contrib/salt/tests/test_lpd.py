#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The extension with a stub of Salt's loader, and with the lpctl of the Ansible collection's tests."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import types
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LPCTL = TOP.parent / "ansible/tests/unit/fake_lpctl.py"


class CommandExecutionError(Exception):
    pass


def stub_salt():
    """The modules of Salt that the extension imports."""
    exceptions = types.ModuleType("salt.exceptions")
    exceptions.CommandExecutionError = CommandExecutionError
    path = types.ModuleType("salt.utils.path")
    path.which = shutil.which
    utils, salt = types.ModuleType("salt.utils"), types.ModuleType("salt")
    salt.utils, utils.path, salt.exceptions = utils, path, exceptions
    sys.modules.update({"salt": salt, "salt.utils": utils, "salt.utils.path": path, "salt.exceptions": exceptions})


def load(kind, dunders):
    """A module as Salt's loader loads it: its dictionaries are put into it, and its public functions are found by
    the virtual name. Returns {name.function: function}, or the reason why there is none."""
    spec = importlib.util.spec_from_file_location(f"lpd_{kind}", TOP / f"src/saltext/lpd/{kind}/lpd_mod.py")
    module = importlib.util.module_from_spec(spec)
    vars(module).update(dunders)
    spec.loader.exec_module(module)
    name = module.__virtual__()
    if isinstance(name, tuple):
        return name[1]
    return {f"{name}.{key}": value for key, value in vars(module).items()
            if isinstance(value, types.FunctionType) and not key.startswith("_")}


def run_all(argv, python_shell, ignore_retcode):
    assert python_shell is False and ignore_retcode
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return {"retcode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


class Lpd(unittest.TestCase):
    def setUp(self):
        stub_salt()
        self.dir = Path(tempfile.mkdtemp(prefix="lpd-salt-"))
        self.addCleanup(shutil.rmtree, self.dir)
        lpctl = self.dir / "lpctl"
        lpctl.write_text(f"#!/bin/sh\nexec python3 {LPCTL} \"$@\"\n")
        lpctl.chmod(0o755)
        self.state = self.dir / "state.json"
        self.old_path = os.environ["PATH"]
        os.environ.update(PATH=f"{self.dir}:/usr/bin:/bin", FAKE_LPCTL=str(self.state))
        self.addCleanup(os.environ.update, PATH=self.old_path)
        self.file = self.dir / "fix.ko"
        self.file.write_bytes(b"first build")
        self.salt = {"cmd.run_all": run_all, "cp.cache_file": lambda url: str(self.file) if "fix" in url else False}
        self.opts = {"test": False}
        self.salt.update(load("modules", {"__salt__": self.salt, "__opts__": self.opts}))
        self.states = load("states", {"__salt__": self.salt, "__opts__": self.opts})

    def apply(self, function, result, changes, comment="", **options):
        ret = self.states[f"lpd.{function}"]("fix", **options)
        self.assertEqual(set(ret), {"name", "changes", "result", "comment"})
        self.assertEqual((ret["name"], ret["result"], bool(ret["changes"])), ("fix", result, changes), ret)
        self.assertIn(comment, ret["comment"])
        return ret

    def test_virtual(self):
        os.environ["PATH"] = "/nonexistent"
        self.assertIn("lpctl is not installed", load("modules", {"__salt__": {}}))
        self.assertIn("is missing", load("states", {"__salt__": {}}))

    def test_twice(self):
        source = {"source": "salt://fix.ko"}
        for function, options in (("installed", source), ("loaded", source), ("disabled", {"now": True}),
                                  ("enabled", {}), ("loaded", {}), ("disabled", {}), ("absent", {})):
            self.apply(function, True, True, "is now", **options)
            self.apply(function, True, False, "already", **options)
        self.assertIsNone(self.salt["lpd.show"]("fix"))

    def test_changes(self):
        self.apply("installed", True, True, source=str(self.file))
        changes = self.apply("loaded", True, True)["changes"]
        self.assertEqual(changes, {"state": {"old": "absent", "new": "active"}})

    def test_test(self):
        self.opts["test"] = True
        for function in ("installed", "enabled", "loaded"):
            self.apply(function, None, True, "would be", source="salt://fix.ko")
            self.assertFalse(self.state.exists())
        self.apply("absent", True, False)
        self.opts["test"] = False
        self.apply("loaded", True, True, source="salt://fix.ko")
        before, self.opts["test"] = self.state.read_text(), True
        self.apply("loaded", True, False, source="salt://fix.ko")
        for function in ("disabled", "absent"):
            self.apply(function, None, True, "would be")
        self.assertEqual(self.state.read_text(), before)

    def test_faults(self):
        self.apply("installed", False, False, "source is missing")
        self.apply("disabled", False, False, "not installed")
        self.apply("installed", False, False, "does not exist", source="salt://other.ko")
        self.file.write_bytes(b"bad")
        self.apply("loaded", False, False, "bad signature (hint: look again)", source="salt://fix.ko")

    def test_outside_the_wave(self):
        self.apply("installed", True, True, source="salt://fix.ko")
        self.state.write_text(self.state.read_text().replace('"absent"', '"skipped", "reason": "not in this wave"'))
        self.apply("loaded", True, False, "not loaded: not in this wave")

    def test_functions(self):
        self.salt["lpd.install"](str(self.file), "fix", wait=5)
        self.assertEqual(self.salt["lpd.status"]()["patches"][0]["state"], "active")
        self.assertIn("install --name=fix --wait=5 fix.ko", Path(f"{self.state}.log").read_text())
        self.assertTrue(self.salt["lpd.lock"](test=False)["changed"])
        with self.assertRaises(CommandExecutionError):
            self.salt["lpd.enable"]("other")


if __name__ == "__main__":
    unittest.main()
