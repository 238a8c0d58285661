# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs modules and playbooks of the collection, on this machine, with a lpctl that is not the real one."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
# The interpreter that has ansible-core is Debian's.
PYTHON = "/usr/bin/python3"


class Collection(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="lpd-ansible-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.root = self.dir / "root"
        self.root.mkdir()
        (self.dir / "ansible_collections/livepatch").mkdir(parents=True)
        (self.dir / "ansible_collections/livepatch/lpd").symlink_to(TOP)
        (self.dir / "bin").mkdir()
        lpctl = self.dir / "bin/lpctl"
        lpctl.write_text(f"#!/bin/sh\nexec {PYTHON} {HERE}/fake_lpctl.py \"$@\"\n")
        lpctl.chmod(0o755)
        self.state = self.dir / "state.json"
        self.module_file = self.dir / "fix.ko"
        self.module_file.write_bytes(b"first build")
        self.env = {**os.environ, "PATH": f"{self.dir}/bin:/usr/bin:/bin:/usr/sbin", "FAKE_LPCTL": str(self.state),
                    "PYTHONPATH": str(self.dir), "HOME": str(self.dir), "ANSIBLE_COLLECTIONS_PATH": str(self.dir),
                    "ANSIBLE_LOCALHOST_WARNING": "False", "ANSIBLE_PYTHON_INTERPRETER": PYTHON, "LC_ALL": "C.UTF-8",
                    "ANSIBLE_NOCOLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def run_module(self, module, check=False, fails=False, **options):
        """The JSON of a module."""
        options.update(_ansible_check_mode=check, _ansible_remote_tmp=str(self.dir), _ansible_diff=True)
        done = subprocess.run([PYTHON, TOP / f"plugins/modules/{module}.py"], env=self.env, capture_output=True,
                              input=json.dumps({"ANSIBLE_MODULE_ARGS": options}), text=True)
        self.assertTrue(done.stdout.startswith("{") or done.stdout.startswith("\n{"), done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(bool(result.get("failed")), fails, result)
        return result

    def patch(self, **options):
        return self.run_module("lpd_patch", **{"name": "fix", "root": str(self.root), **options})

    def play(self, tasks, *options, status=0):
        """Runs tasks with the local connection; the output."""
        path = self.dir / "play.yml"
        path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
        return self.run_playbook(path, "localhost ansible_connection=local\n", *options, status=status)

    def run_playbook(self, playbook, hosts, *options, status=0):
        (self.dir / "hosts").write_text(hosts)
        done = subprocess.run([PYTHON, "/usr/bin/ansible-playbook", "-i", self.dir / "hosts", playbook, *options],
                              env=self.env, capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    @property
    def commands(self):
        """What lpctl was asked to change, since the last look."""
        log = Path(f"{self.state}.log")
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in lines if line.split()[0] not in ("show", "status", "lint")]

    @property
    def patches(self):
        return json.loads(self.state.read_text()) if self.state.exists() else {}

    @property
    def dropin(self):
        return self.root / "etc/lpd/patches.d/fix.conf.d/60-ansible.conf"
