# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several machines that Ansible reaches over ssh, on ports of the host's loopback. Ansible is that of the machines'
Debian release, in a tree of its own if the host has another one."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from . import chroot, lpd
from .command import run
from .qemu import Failed

COLLECTION = lpd.TOP / "contrib/ansible"
SSH = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ControlMaster=auto -o ControlPersist=20"
PLAYBOOK_SECONDS = 300


class Fleet:
    """machines by name; the first is the machine of the case, and is the only one in the group canaries."""

    def __init__(self, m, names):
        self.directory = m.directory / "fleet"
        shutil.copytree(COLLECTION, self.directory / "ansible_collections/livepatch/lpd",
                        ignore=shutil.ignore_patterns("tests", "__pycache__"))
        self.tree = m.tree_of_another_release("ansible-core", "openssh-client", "git")
        self._inside = Path("/build") if self.tree else self.directory   # where Ansible finds the directory
        key = self.directory / "key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        self.machines = {name: m.another(name) if i else m for i, name in enumerate(names)}
        ports = {}
        for name, machine in self.machines.items():
            machine.with_packages("openssh-server", "python3")
            ports[name] = machine.forward(22)
            machine.boot(wait=False)
        for machine in self.machines.values():
            machine.wait_booted()
            machine.write("/root/.ssh/authorized_keys", key.with_suffix(".pub").read_text())
            machine.network()
            machine.ok("chmod 700 /root/.ssh; systemctl start ssh")
        host = "ansible_host=127.0.0.1 ansible_user=root ansible_python_interpreter=/usr/bin/python3"
        lines = [f"{name} {host} ansible_port={port}\n" for name, port in ports.items()]
        (self.directory / "hosts").write_text(f"{''.join(lines)}[canaries]\n{names[0]}\n")

    def play(self, host, task, *options):
        """Runs one task on one machine; the output."""
        (self.directory / "play.yml").write_text(json.dumps([{"hosts": host, "gather_facts": False, "tasks": [task]}]))
        return self._playbook(self._inside / "play.yml", *options)

    def rollout(self, module, *options, status=0):
        """Runs the playbook of the collection with a module in the fleet's directory. The file /run/ill makes a
        machine fail."""
        variables = {"rollout_name": Path(module).stem, "rollout_src": self.inside(module), "rollout_quiet": 1,
                     "rollout_wait": 60, "rollout_command": "test ! -e /run/ill", "rollout_waves": ["100%"]}
        return self._playbook("livepatch.lpd.rollout", "-e", json.dumps(variables), *options, status=status)

    def inside(self, name):
        """The path by which Ansible finds a file of the fleet's directory."""
        return str(self._inside / name)

    def sanity(self):
        """ansible-test sanity, as far as it needs no network."""
        script = "contrib/ansible/tests/sanity/run"
        if self.tree:
            return chroot.run_in(self.tree, "sh", f"/src/{script}", binds={"src": lpd.TOP})
        return run("sh", lpd.TOP / script)

    def _playbook(self, playbook, *options, status=0):
        environment = {"HOME": self._inside, "ANSIBLE_COLLECTIONS_PATH": self._inside, "ANSIBLE_PIPELINING": "1",
                       "ANSIBLE_NOCOLOR": "1", "ANSIBLE_SSH_ARGS": SSH, "LC_ALL": "C.UTF-8",
                       "ANSIBLE_SSH_CONTROL_PATH_DIR": f"/tmp/lpd-fleet-{os.getpid()}", "PYTHONDONTWRITEBYTECODE": "1"}
        argv = ["env", *(f"{name}={value}" for name, value in environment.items()), "/usr/bin/ansible-playbook", "-i",
                self.inside("hosts"), "--private-key", self.inside("key"), playbook, *options]
        if self.tree:
            argv = ["unshare", "--mount", "sh", "-c", chroot.SCRIPT, "sh", self.tree, "build", self.directory, "--",
                    *argv]
        done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False,
                              timeout=PLAYBOOK_SECONDS)
        if done.returncode != status:
            raise Failed(f"ansible-playbook gave exit status {done.returncode}, not {status}\n{done.stdout[-3000:]}"
                         f"{done.stderr[-1000:]}")
        return done.stdout
