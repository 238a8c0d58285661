# SPDX-License-Identifier: LGPL-2.1-or-later
"""The action plugin and the role, run by the real ansible-playbook with the local connection."""

import hashlib
import json
import unittest

from collection import Collection, PYTHON


class Copies(Collection):
    def task(self, **options):
        return [{"livepatch.lpd.lpd_patch": {"name": "fix", "src": str(self.module_file), "root": str(self.root),
                                             **options}}]

    def test_only_a_new_build(self):
        said = self.play(self.task(), "-vvvv")
        self.assertIn("changed=1", said)
        self.assertEqual(said.count("PUT " + str(self.module_file)), 1)
        said = self.play(self.task(), "-vvvv")
        self.assertIn("changed=0", said)
        self.assertNotIn("PUT " + str(self.module_file), said)
        self.module_file.write_bytes(b"second build")
        self.assertIn("changed=1", self.play(self.task()))

    def test_check_mode_and_diff(self):
        said = self.play(self.task(rollout="5%"), "--check", "--diff")
        self.assertIn("changed=1", said)
        self.assertIn("+Rollout=5%", said)
        self.assertEqual((self.patches, self.commands), ({}, ["install --dry-run --name=fix --no-load fix.ko"]))

    def test_faults(self):
        self.assertIn("src: Could not find", self.play(self.task(src="missing.ko"), status=2))
        self.module_file.write_bytes(b"bad")
        said = self.play(self.task(), status=2)
        self.assertIn("refused: bad signature", said)
        self.assertNotIn('"changed": true', said)
        self.assertEqual(list(self.dir.glob(".ansible/tmp/*")), [])


class Waves(Collection):
    """Three machines that are all this one, each with its own lpctl."""

    lost = ""   # what makes the canary one that cannot be reached

    def waves(self, *options, status=0):
        """Runs the playbook of the collection."""
        text = "[canaries]\ncanary\n[others]\na\nb\n[all:vars]\nansible_connection=local\n"
        for name in ("canary", "a", "b"):
            python = self.dir / f"python-{name}"
            python.write_text(f"#!/bin/sh\nFAKE_LPCTL={self.dir}/{name}.json exec {PYTHON} \"$@\"\n")
            python.chmod(0o755)
            text = text.replace(f"{name}\n", f"{name} ansible_python_interpreter={python}{self.lost if name == 'canary' else ''}\n", 1)
        (self.dir / "vars").write_text(json.dumps({
            "rollout_name": "fix", "rollout_src": str(self.module_file), "rollout_quiet": 0, "rollout_wait": 5,
            "rollout_command": f"test ! -e {self.dir}/ill-{{{{ inventory_hostname }}}}", "rollout_waves": [2]}))
        return self.run_playbook("livepatch.lpd.rollout", text, "-e", f"@{self.dir}/vars", *options, status=status)

    def of(self, name):
        self.state = self.dir / f"{name}.json"
        return self.patches.get("fix", {}).get("state")

    def test_good_and_again(self):
        self.waves()
        self.assertEqual([self.of(n) for n in ("canary", "a", "b")], ["active"] * 3)
        said = self.waves()
        self.assertEqual(said.count("changed=0"), 3, said)

    def test_check_mode(self):
        self.assertIn("changed=1", self.waves("--check"))
        self.assertEqual([self.of(n) for n in ("canary", "a", "b")], [None] * 3)

    def test_ill_canary(self):
        (self.dir / "ill-canary").touch()
        said = self.waves(status=2)
        self.assertIn("the wave failed on canary (Run the command", said)
        self.assertEqual([self.of(n) for n in ("canary", "a", "b")], [None] * 3)
        self.assertFalse((self.dir / "a.json.log").exists())

    def test_ill_in_the_second_wave(self):
        (self.dir / "ill-b").touch()
        self.assertIn("the wave failed on b", self.waves(status=2))
        self.assertEqual([self.of(n) for n in ("canary", "a", "b")], ["active", None, None])

    def test_ill_with_another_build(self):
        self.waves()
        self.module_file.write_bytes(b"second build")
        (self.dir / "ill-canary").touch()
        self.waves(status=2)
        for name in ("canary", "a", "b"):
            self.assertEqual(self.of(name), "active")
            self.assertEqual(self.patches["fix"]["sha256"], hashlib.sha256(b"first build").hexdigest())

    def test_lost_canary(self):
        self.lost = " ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1"
        said = self.waves(status=4)
        self.assertIn("UNREACHABLE", said)
        self.assertFalse((self.dir / "a.json.log").exists())


if __name__ == "__main__":
    unittest.main()
