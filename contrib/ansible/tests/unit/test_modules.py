# SPDX-License-Identifier: LGPL-2.1-or-later
import hashlib
import unittest

from collection import Collection


class Patch(Collection):
    def test_present_twice(self):
        first = self.patch(src=str(self.module_file))
        self.assertTrue(first["changed"])
        self.assertEqual(self.commands, ["install --name=fix --no-load fix.ko"])
        self.assertIn("state: absent", first["diff"]["after"])
        self.assertFalse(self.patch(src=str(self.module_file))["changed"])

    def test_hash_decides(self):
        digest = hashlib.sha256(self.module_file.read_bytes()).hexdigest()
        self.assertTrue(self.patch(sha256=digest)["needs_module"])
        self.patch(src=str(self.module_file), sha256=digest)
        _ = self.commands
        self.assertFalse(self.patch(sha256=digest)["changed"])
        self.assertEqual(self.commands, [])
        self.assertTrue(self.patch(sha256="0" * 64)["needs_module"])

    def test_check_mode(self):
        self.assertTrue(self.patch(src=str(self.module_file), probe="/bin/true", check=True)["changed"])
        self.assertEqual((self.patches, self.dropin.exists()), ({}, False))
        self.patch(src=str(self.module_file))
        for state, changed in (("absent", True), ("disabled", True), ("enabled", False)):
            before = self.patches
            self.assertEqual(self.patch(state=state, check=True)["changed"], changed, state)
            self.assertEqual(self.patches, before)

    def test_states(self):
        self.patch(src=str(self.module_file))
        for state, more, enabled, runs in (
                ("disabled", {}, False, "absent"), ("enabled", {}, True, "absent"),
                ("disabled", {"now": True}, False, "disabled")):
            self.assertTrue(self.patch(state=state, **more)["changed"], state)
            self.assertEqual((self.patches["fix"]["enabled"], self.patches["fix"]["state"]), (enabled, runs))
            self.assertFalse(self.patch(state=state, **more)["changed"], state)
        self.assertTrue(self.patch(state="absent")["changed"])
        self.assertFalse(self.patch(state="absent")["changed"])

    def test_loaded(self):
        options = {"root": None, "src": str(self.module_file), "state": "loaded", "wait": "9"}
        self.assertTrue(self.patch(**options)["changed"])
        self.assertEqual(self.commands, ["install --name=fix --wait=9 fix.ko", "load --wait=9 fix"])
        self.assertEqual(self.patches["fix"]["state"], "active")
        self.assertFalse(self.patch(**options)["changed"])
        self.patch(root=None, state="disabled", now=True)
        self.assertTrue(self.patch(root=None, state="loaded")["changed"])
        self.assertEqual((self.patches["fix"]["enabled"], self.patches["fix"]["state"]), (True, "active"))

    def test_outside_the_wave(self):
        self.patch(src=str(self.module_file))
        self.state.write_text(self.state.read_text().replace('"absent"', '"skipped", "reason": "not in this wave"'))
        result = self.patch(root=None, state="loaded")
        self.assertFalse(result["changed"])
        self.assertIn("not in this wave", result["warnings"][0])

    def test_manifest(self):
        keys = {"fixes": ["CVE-1", "CVE-2"], "required": True, "rollout": "10%", "after": []}
        result = self.patch(src=str(self.module_file), **keys)
        text = "[Patch]\nFixes=CVE-1 CVE-2\nRequired=yes\nAfter=\nRollout=10%\n"
        self.assertTrue(self.dropin.read_text().endswith(text))
        self.assertEqual(self.dropin.stat().st_mode & 0o777, 0o644)
        self.assertIn("Rollout=10%", result["diff"]["after"])
        self.assertFalse(self.patch(**keys)["changed"])
        self.assertTrue(self.patch(rollout="20%")["changed"])
        self.assertFalse(self.patch()["changed"])
        self.assertIn("20%", self.dropin.read_text())
        self.patch(state="absent")
        self.assertFalse(self.dropin.parent.exists())

    def test_refused(self):
        self.module_file.write_bytes(b"bad")
        result = self.patch(src=str(self.module_file), rollout="10%", fails=True)
        self.assertEqual((result["rc"], result["hint"]), (5, "look again"))
        self.assertIn("bad signature", result["msg"])
        self.assertEqual((self.patches, self.dropin.parent.exists()), ({}, False))

    def test_invalid(self):
        self.assertIn("fix: the manifest:3: wrong value", self.patch(src=str(self.module_file), rollout="wrong", fails=True)["msg"])
        self.assertIn("more than one line", self.patch(src=str(self.module_file), description="a\nProbe=/x", fails=True)["msg"])
        self.assertIn("not the name", self.patch(name="../x", src=str(self.module_file), fails=True)["msg"])
        self.assertIn("src is missing", self.patch(fails=True)["msg"])
        self.assertEqual((self.patches, self.dropin.exists()), ({}, False))


class Others(Collection):
    def test_info(self):
        self.patch(src=str(self.module_file))
        result = self.run_module("lpd_info")
        self.assertEqual(result["patches"]["fix"]["state"], "absent")
        self.assertFalse(result["changed"])

    def test_lock(self):
        for outcome, changed in (("lock", True), ("nothing", False)):
            self.env["FAKE_OUTCOME"] = outcome
            self.assertEqual(self.run_module("lpd_lock", check=True)["changed"], changed)
        self.env["FAKE_OUTCOME"] = "refuse"
        self.assertIn("a reason", self.run_module("lpd_lock", check=True, fails=True)["msg"])
        self.assertTrue(self.run_module("lpd_lock")["changed"])

    def test_health(self):
        every = (1 << 20) - 1
        options = {"quiet": 0, "timeout": 1, "taint": every}
        run = lambda name, fails=True: self.run_module("lpd_health", name=name, fails=fails, **options)
        self.assertIn("not installed", run("fix")["msg"])
        self.patch(src=str(self.module_file))
        self.assertIn("its state is absent", run("fix")["msg"])
        self.patch(root=None, state="loaded")
        run("fix", fails=False)
        self.patch(name="stuck", root=None, src=str(self.module_file), state="loaded")
        self.state.write_text(self.state.read_text().replace('"active"', '"transition"'))
        self.assertIn("transition is not over", run("stuck")["msg"])
        self.state.write_text(self.state.read_text().replace('"enabled"', '"guard": "quarantined", "enabled"'))
        self.assertIn("quarantined", run("fix")["msg"])


if __name__ == "__main__":
    unittest.main()
