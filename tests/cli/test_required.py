#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""When a required patch counts as missing: the installed build must be loaded, and an unknown state
does not count as loaded."""

import unittest

from machine import *

STORE = f"/var/lib/lpd/modules/{KERNEL}"
FILE = f"{STORE}/fix-net.ko"
LOADED = module("fix_net", build_id=BUILD_IDS["fix_net"])   # the build that loaded() loads
NEWER = module("fix_net")


def bare(data):
    """The same without a build id: the note has another type."""
    return data.replace(b".note.gnu.build-id\0", b".note.gnu.build-xx\0")


class Required(ModulesCase):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, manifest("fix-net", "Required=yes"), loaded("fix_net"),
                   result("fix-net", sha256=sha256(LOADED)), {FILE: LOADED})

    def without_build_id(self):
        (self.root / "sys/module/fix_net/notes/.note.gnu.build-id").unlink()

    def assert_missing(self, names):
        """All commands that count missing patches give the same result."""
        status = 10 if names else 0
        value, _ = self.assert_same_everywhere("status", "--check", status=status)
        self.assertEqual(value["requiredMissing"], names)
        self.assertIn(f"\nlpd_required_missing {len(names)}\n", self.text("metrics"))
        forecast = self.json("lock", "--dry-run")["forecast"]
        self.assertEqual(forecast["outcome"], "refuse" if names else "lock")
        for name in names:
            self.assertIn(name, value["error"]["message"])
            self.assertIn(name, forecast["reason"])
        return {p["name"]: p for p in value["patches"]}

    def test_in(self):
        patch = self.assert_missing([])["fix-net"]
        self.assertIsNone(patch["reason"])
        self.assertEqual(patch["kernelState"]["sha256"], sha256(LOADED))
        self.assertEqual((patch["kernelState"]["buildId"], patch["module"]["buildId"],
                          patch["kernelState"]["installed"]),
                         (BUILD_IDS["fix_net"], BUILD_IDS["fix_net"], True))

    def test_stalled(self):
        """A transition that may never end. The lock waits for it, as for every other one."""
        self.plant(loaded("fix_net", transition=1))
        self.assertEqual(self.json("status", "--check")["requiredMissing"], [])
        self.plant(result("fix-net", sha256=sha256(LOADED), cause="stalled"))
        value, _ = self.assert_same_everywhere("status", "--check", status=10)
        self.assertEqual(value["requiredMissing"], ["fix-net"])
        self.assertIn("\nlpd_required_missing 1\n", self.text("metrics"))
        self.assertEqual(self.json("lock", "--dry-run")["forecast"]["outcome"], "wait")
        self.plant(loaded("fix_net"))
        self.assertEqual(self.json("status", "--check")["requiredMissing"], [])

    def test_older_build(self):
        self.plant({FILE: NEWER})
        patch = self.assert_missing(["fix-net"])["fix-net"]
        self.assertEqual((patch["state"], patch["reason"]),
                         ("active", "a build other than the installed one is loaded"))
        self.assertEqual((patch["module"]["sha256"], patch["kernelState"]["sha256"]),
                         (sha256(NEWER), sha256(LOADED)))
        self.assertEqual((patch["module"]["buildId"], patch["kernelState"]["buildId"]),
                         ("0123456789abcdef0123456789abcdef01234567", BUILD_IDS["fix_net"]))
        self.assertIs(patch["kernelState"]["installed"], False)

    def test_no_build_ids(self):
        """Without build ids, the hash recorded at the load decides."""
        self.without_build_id()
        self.plant({FILE: bare(LOADED)}, result("fix-net", sha256=sha256(bare(LOADED))))
        patch = self.assert_missing([])["fix-net"]
        self.assertEqual((patch["kernelState"]["buildId"], patch["kernelState"]["installed"]), (None, True))
        self.plant({FILE: bare(NEWER)})
        self.assert_missing(["fix-net"])
        self.assertEqual(self.json("why", "fix-net")["action"], "fail")
        # One build has an id, the other has none.
        self.plant({FILE: NEWER})
        self.assert_missing(["fix-net"])

    def test_no_build_ids_and_no_record(self):
        self.without_build_id()
        self.plant({FILE: bare(LOADED)})
        (self.root / "run/lpd/fix-net.json").unlink()
        patch = self.assert_missing(["fix-net"])["fix-net"]
        self.assertEqual((patch["state"], patch["reason"]),
                         ("active", "whether the loaded build is the installed one is unknown"))
        self.assertIsNone(patch["kernelState"]["installed"])
        self.assertIn("unknown which build is loaded", self.json("why", "fix-net")["reason"])

    def test_nothing_installed(self):
        """No build is installed that should be loaded instead."""
        (self.root / FILE.lstrip("/")).unlink()
        self.assert_missing([])

    def test_broken_manifest(self):
        """A broken manifest does not tell whether the patch is required."""
        for text in ("[Patch]\nRequired=yes\nTiemout=1\n", "[Patch]\nRequired=no\nTiemout=1\n", "[Pa"):
            self.plant({"/etc/lpd/patches.d/fix-net.conf": text})
            patch = self.assert_missing(["fix-net"])["fix-net"]
            self.assertTrue(patch["required"])
        self.plant({"/etc/lpd/patches.d/fix-net.conf": ""})   # masked
        self.assert_missing([])

    def test_broken_dropin(self):
        self.plant({"/etc/lpd/patches.d/fix-net.conf.d/10-x.conf": "[Patch]\nX=1\n"})
        self.assert_missing(["fix-net"])

    def test_disabled_by_somebody(self):
        self.plant({"/sys/kernel/livepatch/fix_net/enabled": "0\n"})
        self.assert_missing(["fix-net"])

    def test_probe(self):
        """Without the record of its load it is unknown whether its probe has run."""
        self.plant(manifest("fix-net", "Required=yes", "Probe=/bin/true"))
        self.assertEqual(self.json("show", "fix-net")["patches"][0]["kernelState"]["probe"], "passed")
        self.assertEqual(self.json("lock", "--dry-run")["forecast"]["outcome"], "lock")

        self.plant(result("fix-net", complete=False))
        self.assertEqual(self.json("show", "fix-net")["patches"][0]["kernelState"]["probe"], "waiting")
        self.assertEqual(self.json("lock", "--dry-run")["forecast"]["outcome"], "wait")

        for spoil in ("{", None):
            self.plant({"/run/lpd/fix-net.json": spoil} if spoil else {})
            if not spoil:
                (self.root / "run/lpd/fix-net.json").unlink()
            self.assertEqual(self.json("show", "fix-net")["patches"][0]["kernelState"]["probe"], "unknown")
            forecast = self.json("lock", "--dry-run")["forecast"]
            self.assertEqual(forecast["outcome"], "refuse")
            self.assertIn("unknown whether its probe has run, because its load is not recorded", forecast["reason"])

    def test_transition_unknown(self):
        (self.root / "sys/kernel/livepatch/fix_net/transition").unlink()
        self.assertEqual(self.json("lock", "--dry-run")["forecast"]["outcome"], "wait")


if __name__ == "__main__":
    unittest.main(verbosity=2)
