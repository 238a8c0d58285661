#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Modules of other loaders, which count as installed without a manifest: Adopt=."""

from machine import *

THERE = f"/var/lib/kpatch/{KERNEL}"
POLICY = {"/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\n[Store]\nAdopt=/var/lib/kpatch/%v\n"}
OLDER, NEWER = "kpatch_6_1_0_56_1_9", "kpatch_6_1_0_56_1_10"


class Adopted(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), POLICY, {f"{THERE}/fix_net.ko": module("fix_net")})

    def patch(self, name):
        [found] = [p for p in self.json("status")["patches"] if p["name"] == name]
        return found

    def actions(self):
        return {a["name"]: a["action"] for a in self.json("apply", "--dry-run")["actions"]}

    def test_is_installed(self):
        self.assertEqual(self.actions(), {"fix_net": "load"})
        patch = self.patch("fix_net")
        self.assertEqual((patch["state"], patch["module"]["path"]), ("absent", f"{THERE}/fix_net.ko"))
        self.assertIn("has no manifest", self.text("cat", "fix-net"))
        self.assertEqual(self.json("lint")["problems"], [])

    def test_comes_and_goes(self):
        (self.root / THERE[1:] / "fix_net.ko").unlink()
        self.assertEqual(self.actions(), {})
        self.plant({f"{THERE}/fix_new.ko": module("fix_new")})
        self.assertEqual(self.actions(), {"fix_new": "load"})

    def test_of_another_kernel(self):
        self.plant({"/var/lib/kpatch/6.12.1/other.ko": module("other", release="6.12.1")})
        self.assertEqual(self.actions()["other"], "skip")
        self.assertEqual(self.patch("other")["state"], "skipped")

    def test_is_disabled_and_enabled(self):
        self.text("disable", "fix-net")
        self.assertEqual(self.actions(), {"fix_net": "skip"})
        self.text("enable", "fix-net")
        self.assertEqual(self.actions(), {"fix_net": "load"})

    def test_own_manifest_still_finds_the_module(self):
        self.plant(manifest("fix-net", "Description=mine"))
        self.assertEqual(self.actions(), {"fix-net": "load"})
        self.assertEqual(self.patch("fix-net")["module"]["path"], f"{THERE}/fix_net.ko")

    def test_is_not_removed(self):
        before = tree_of(self.root)
        text = self.lpctl("remove", "fix-net", status=1).stderr
        self.assertRegex(text, r"fix_net\.ko: was not written by lpctl install: Adopt= (.|\n)*lpctl disable fix_net")
        self.assertEqual(tree_of(self.root), before)

    def test_newest_of_a_line(self):
        for name in (OLDER, NEWER):
            self.plant({f"{THERE}/{name}.ko": module(name)})
        self.assertEqual((self.actions()[OLDER], self.actions()[NEWER]), ("skip", "load"))
        older = self.patch(OLDER)
        self.assertEqual((older["state"], older["reasonCode"]), ("skipped", "superseded"))
        self.assertIn(f"superseded by {NEWER}", older["reason"])
        # Taken back, the older one counts again.
        self.text("disable", NEWER)
        self.assertEqual((self.actions()[OLDER], self.actions()[NEWER]), ("load", "skip"))

    def test_signed_manifests(self):
        self.plant({"/etc/lpd/lpd.conf.d/10-signed.conf": "[Trust]\nSignedManifests=yes\n"})
        [action] = self.json("apply", "--dry-run", status=5)["actions"]
        self.assertEqual(action["action"], "fail")
        self.assertIn("has no manifest", action["reason"])

    def test_directories(self):
        for value in ("/var/lib/kpatch", "var/%v", "/%v/%v", "/var/x%v", "/var/%v/../x", "/var/%u"):
            self.plant({"/etc/lpd/lpd.conf.d/10-adopt.conf": f"[Store]\nAdopt={value}\n"})
            self.assertIn("a component %v", json.dumps(self.json("lint", status=78)), value)


if __name__ == "__main__":
    unittest.main()
