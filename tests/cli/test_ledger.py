#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs of the guard: ledger, clear and bless."""

import time

from machine import *

OTHER = "6.12.22+bpo-cloud-amd64"
LEDGER = "/var/lib/lpd/ledger"
BOOT, EARLIER, EARLIEST = "b00700000001", "b00700000002", "b00700000003"
THEN = 1700000000000000
A, B, C, D = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
LOG = ["BUG: kernel NULL pointer dereference, address: 0000000000000000", "RIP: 0010:show+0x5/0x20 [fix_net]"]


def attempt(boot, stage="system"):
    return {"boot": boot, "stage": stage, "time": THEN}


def build(name, digest, state="trial", *attempts, release=KERNEL, **fields):
    record = {"state": state, "name": name, "module": name.replace("-", "_"), "buildId": "0123abcd",
              "since": THEN, "attempts": [attempt(boot) for boot in attempts]}
    return {f"{LEDGER}/{release}/{digest}.json": json.dumps(record | fields)}


class Ledger(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, {"/proc/sys/kernel/random/boot_id": f"{BOOT}\n"},
                   manifest("fix-net"), manifest("fix-new"))

    def plant_builds(self):
        self.plant(build("fix-net", A, "quarantined", EARLIER, reason="a kernel fault", excerpt="\n".join(LOG)),
                   build("fix-net", B, "confirmed", stage="system"),
                   build("fix-old", C, "trial", EARLIER, BOOT),
                   build("fix-net", D, "quarantined", release=OTHER, reason="another"),
                   result("fix-net", sha256=B))

    def states(self, *argv):
        return {b["sha256"][0]: b["state"] for b in self.json("ledger", *argv)["builds"]}


class Show(Ledger):
    def test_json(self):
        self.plant_builds()
        value, text = self.assert_same_everywhere("ledger")
        builds = {b["sha256"][0]: b for b in value["builds"]}
        self.assertEqual(builds["a"], {
            "name": "fix-net", "state": "quarantined", "kernel": KERNEL, "sha256": A, "module": "fix_net",
            "buildId": "0123abcd", "loaded": False, "confirmedStage": None, "reason": "a kernel fault",
            "since": THEN, "excerpt": LOG,
            "attempts": [{"bootId": EARLIER, "thisBoot": False, "stage": "system", "time": THEN}]})
        self.assertEqual((builds["b"]["loaded"], builds["b"]["confirmedStage"]), (True, "system"))
        self.assertEqual([a["thisBoot"] for a in builds["c"]["attempts"]], [False, True])
        rows = [line.split() for line in text.splitlines()]
        self.assertEqual(rows[0][:4], ["NAME", "STATE", "KERNEL", "BUILD"])
        self.assertIn(["fix-net", "quarantined", KERNEL, "a" * 12, "1"], [row[:5] for row in rows])
        self.assertIn("    a kernel fault", text.splitlines())
        self.assertNotIn(LOG[1], text)

    def test_everything_known(self):
        self.plant_builds()
        value, text = self.assert_same_everywhere("ledger", "fix_net", f"--kernel={KERNEL}")
        self.assertEqual([b["sha256"] for b in value["builds"]], [A, B])
        for words in ("fix-net: quarantined since 2023-", "reason    a kernel fault", f"build     {A}\n",
                      f"on the host, boot {EARLIER}\n", f"log       {LOG[0]}", LOG[1], f"build     {B} (loaded now)",
                      "module    fix_net, build id 0123abcd"):
            self.assertIn(words, text)
        self.assertIn(f"boot {BOOT} (this one)", self.text("ledger", "-o", "wide"))
        self.assertEqual(self.states("*-old"), {"c": "trial"})
        self.assertEqual(self.states(f"--kernel={OTHER}"), {"d": "quarantined"})

    def test_unwritten_verdict(self):
        """As many crashes as MaxAttempts= are a quarantine, whether or not it has been written."""
        self.plant(build("fix-net", A, "trial", EARLIEST, EARLIER), build("fix-new", B, "trial", EARLIER, BOOT))
        self.assertEqual(self.states(), {"a": "quarantined", "b": "trial"})
        self.assertIn("2 boots in a row", self.text("ledger"))
        self.plant({"/etc/lpd/lpd.conf": "[Guard]\nMaxAttempts=1\n"})
        self.assertEqual(self.states(), {"a": "quarantined", "b": "quarantined"})

    def test_nothing(self):
        self.assertEqual(self.assert_same_everywhere("ledger"), (
            {"schemaVersion": 1, "builds": [], "invalid": 0}, "No builds.\n"))
        self.assertEqual(self.text("ledger", "fix-net"), "No builds.\n")
        self.assertEqual(self.text("ledger", "--no-legend"), "")
        self.assertEqual(self.text("ledger", "no-*"), "No builds.\n")
        self.text("ledger", "no-such", status=3)
        self.text("ledger", "a/b", status=64)
        self.text("ledger", "--kernel=a/b", status=64)

    def test_invalid(self):
        self.plant(build("fix-net", A), {f"{LEDGER}/{KERNEL}/{B}.json": "{"})
        value, text = self.assert_same_everywhere("ledger")
        self.assertEqual((len(value["builds"]), value["invalid"]), (1, 1))
        self.assertIn("1 invalid file in /var/lib/lpd/ledger", text)


class Clear(Ledger):
    def clear(self, *argv, status=0):
        value = self.json_once("clear", *argv, status=status)
        return value["changed"], [p["message"] for p in value["patches"]]

    def record(self, digest, release=KERNEL):
        return json.loads(self.read(f"{LEDGER}/{release}/{digest}.json"))

    def test_quarantine(self):
        self.plant_builds()
        before = tree_of(self.root)
        self.assertTrue(self.json("clear", "--dry-run", "fix-net")["wouldChange"])
        self.assertEqual(tree_of(self.root), before)
        changed, said = self.clear("fix_net")
        self.assertTrue(changed)
        self.assertRegex(said[0], "no longer quarantined")
        self.assertEqual(self.states(), {"a": "trial", "b": "confirmed", "c": "trial", "d": "quarantined"})
        record = self.record(A)
        self.assertEqual((record["attempts"], "excerpt" in record, "reason" in record), ([], False, False))
        # Faults from before this time do not count again.
        self.assertLess(abs(record["since"] / 1e6 - time.time()), 60)
        self.assertEqual(self.clear("fix-net"), (False, [
            f"neither quarantined nor with an earlier attempt on {KERNEL}, nothing to do"]))

    def test_unwritten_quarantine(self):
        self.plant(build("fix-net", A, "trial", EARLIEST, EARLIER))
        self.assertRegex(self.clear("fix-net")[1][0], "no longer quarantined")
        self.assertEqual(self.states(), {"a": "trial"})

    def test_attempt(self):
        """One attempt of an earlier boot; that of this boot stays."""
        self.plant_builds()
        self.assertEqual(self.clear("fix-old"), (True, ["1 earlier attempt no longer counts"]))
        self.assertEqual([a["boot"] for a in self.record(C)["attempts"]], [BOOT])
        self.assertFalse(self.clear("fix-old")[0])

    def test_login_message(self):
        """What people see at login follows; it is not for lpctl to begin with it."""
        self.plant_builds()
        self.plant(manifest("fix-old"), build("fix-old", "e" * 64, "quarantined", reason="a crash", since=THEN + 1))
        self.clear("fix-net")
        self.assertFalse((self.root / "run/motd.d").exists())
        self.plant(build("fix-net", A, "quarantined", reason="a kernel fault"), {"/run/motd.d/lpd": "what it says"})
        self.json("clear", "--dry-run", "fix-net")
        self.assertEqual(self.read("/run/motd.d/lpd"), "what it says")
        self.clear("fix-net")
        self.assertEqual(self.read("/run/motd.d/lpd"),
                         "The kernel live patch fix-old is quarantined and is not loaded at boot: a crash.\n"
                         "  Details: lpctl ledger fix-old    Try it again: lpctl clear fix-old\n")
        self.clear("fix-old")
        self.assertFalse((self.root / "run/motd.d/lpd").exists())

    def test_other_kernel(self):
        self.plant_builds()
        self.assertTrue(self.clear(f"--kernel={OTHER}", "fix-net")[0])
        self.assertEqual(self.states(), {"a": "quarantined", "b": "confirmed", "c": "trial", "d": "trial"})

    def test_no_kernel(self):
        """Below --root= no kernel runs: the builds for all kernels are meant."""
        self.plant_builds()
        for name in ("osrelease", "random/boot_id"):
            (self.root / "proc/sys/kernel" / name).unlink()
        self.assertTrue(self.clear("fix-net")[0])
        self.assertEqual(self.states(), {"a": "trial", "b": "confirmed", "c": "quarantined", "d": "trial"})

    def test_unknown(self):
        self.plant_builds()
        self.assertEqual(self.clear("fix-new")[0], False)
        self.assertEqual(self.clear("no-such", status=3)[0], False)
        self.assertEqual(self.clear("fix-net", "a/b", status=64)[0], False)
        self.assertEqual(self.clear("fix-net", "--kernel=/", status=64)[0], False)
        self.assertEqual(self.states()["a"], "quarantined")


class Metrics(Ledger):
    def test_metrics(self):
        """What is known of the installed build of each patch."""
        data = {name: module(name.replace("-", "_")) for name in ("fix-net", "fix-new", "fix-old")}
        self.plant({f"/var/lib/lpd/modules/{KERNEL}/{name}.ko": text for name, text in data.items()},
                   manifest("fix-old"), build("fix-net", sha256(data["fix-net"]), "confirmed", stage="system"),
                   build("fix-new", sha256(data["fix-new"]), "quarantined", EARLIER, reason="a crash"),
                   build("fix-old", sha256(data["fix-old"]), "trial", EARLIER, BOOT))
        samples = dict(line.rsplit(" ", 1) for line in self.text("metrics").splitlines() if line[0] != "#")
        found = {name: tuple(samples[f'lpd_patch_{metric}{{patch="{name}"}}']
                             for metric in ("confirmed", "quarantined", "attempts")) for name in data}
        self.assertEqual(found, {"fix-net": ("1", "0", "0"), "fix-new": ("0", "1", "1"), "fix-old": ("0", "0", "2")})


class Bless(Ledger):
    def bless(self, *argv, status=0):
        value = self.json_once("bless", *argv, status=status)
        return value["changed"], [p["message"] for p in value["patches"]]

    def plant_loaded(self, **fields):
        self.plant(loaded("fix_net"), result("fix-net", **{"sha256": A, "buildId": BUILD_IDS["fix_net"]} | fields))

    def test_trial(self):
        self.plant(build("fix-net", A, "trial", EARLIER, BOOT))
        self.plant_loaded()
        self.assertEqual(self.bless("fix-net", "--dry-run"), (False, ["confirmed"]))
        self.assertEqual(self.states(), {"a": "trial"})
        self.assertEqual(self.bless("fix_net"), (True, ["confirmed"]))
        known, = self.json("ledger")["builds"]
        self.assertEqual((known["state"], known["confirmedStage"], known["attempts"]), ("confirmed", "system", []))
        before = tree_of(self.root)
        self.assertEqual(self.bless("fix-net"), (False, ["already confirmed"]))
        self.assertEqual(tree_of(self.root)[f"{LEDGER[1:]}/{KERNEL}/{A}.json"], before[f"{LEDGER[1:]}/{KERNEL}/{A}.json"])

    def test_stage(self):
        self.plant_loaded()
        self.assertTrue(self.bless("fix-net")[0])
        self.assertEqual(self.bless("fix-net", "--stage=initrd"), (True, ["confirmed, also for the initramfs"]))
        self.assertEqual(self.json("ledger")["builds"][0]["confirmedStage"], "initrd")
        self.assertEqual(self.bless("fix-net"), (False, ["already confirmed"]))

    def test_initrd(self):
        self.plant_loaded(stage="initrd")
        self.assertEqual(self.bless("fix-net"), (True, ["confirmed, also for the initramfs"]))

    def test_quarantined(self):
        self.plant(build("fix-net", A, "quarantined", reason="x", excerpt="y"))
        self.plant_loaded()
        self.assertTrue(self.bless("fix-net")[0])
        known, = self.json("ledger")["builds"]
        self.assertEqual((known["state"], known["reason"], known["excerpt"]), ("confirmed", None, []))

    def refuses(self, status, words, *argv):
        self.assertEqual(self.bless("fix-net", *argv, status=status)[0], False)
        self.assertIn(words, self.lpctl("bless", "fix-net", *argv, status=status).stderr)
        self.assertFalse((self.root / LEDGER[1:]).exists())

    def test_not_loaded(self):
        self.refuses(1, "not loaded by lpd in this boot")

    def test_loaded_by_others(self):
        self.plant(loaded("fix_net"))
        self.refuses(1, "not loaded by lpd in this boot")

    def test_unloaded_since(self):
        self.plant(result("fix-net", sha256=A))
        self.refuses(1, "not loaded by lpd in this boot")

    def test_another_build(self):
        self.plant_loaded(buildId="77" * 20)
        self.refuses(1, "another program has loaded another build")

    def test_disabled(self):
        self.plant(loaded("fix_net", enabled=0), result("fix-net", sha256=A))
        self.refuses(1, "not loaded by lpd in this boot")

    def test_transition(self):
        self.plant(loaded("fix_net", transition=1), result("fix-net", sha256=A))
        self.refuses(8, "its transition has not finished")

    def test_unknown(self):
        self.assertEqual(self.bless("no-such", status=3)[0], False)
        self.lpctl("bless", "--stage=never", "fix-net", status=64)


if __name__ == "__main__":
    unittest.main()
