#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waves, tags, and lpctl rollout."""

from machine import *

ID = "0123456789abcdef0123456789abcdef"  # at 16.1137 % for "demo", by systemd-analyze condition


class Rollout(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, {"/etc/machine-id": f"{ID}\n",
                   f"/var/lib/lpd/modules/{KERNEL}/demo.ko": module("demo")})

    def said(self, status, *argv):
        return self.lpctl(*argv, status=status).stderr

    def waves(self, value):
        self.plant(manifest("demo", f"Rollout={value}"))


class Machines(Rollout):
    def test_this_machine(self):
        self.waves("1% 2020-01-01, 20% 2021-01-01, 100% 2099-01-01")
        value, text = self.assert_same_everywhere("rollout", "demo")
        [one] = value["machines"]
        self.assertAlmostEqual(one.pop("positionPercent"), 16.1137, places=4)
        self.assertEqual(one, {"machineId": ID, "wavePercent": 20, "joins": 1609459200000000, "included": True})
        self.assertEqual((value["percent"], value["included"], value["repeated"]), (20, 1, 0))
        self.assertEqual(text.splitlines()[1].split(), [ID, "16.1137%", "20.00%", "2021-01-01", "00:00", "UTC", "yes"])

    def test_another_machine(self):
        self.waves("0.5%, 90% 2099-01-01")
        [one] = self.json("rollout", "demo", "--machine-id=" + "f" * 32)["machines"]
        self.assertEqual((one["machineId"], one["included"]), ("f" * 32, False))
        self.assertIn("not 'nonsense'", self.said(64, "rollout", "demo", "--machine-id=nonsense"))

    def test_file(self):
        self.waves("50%")
        ids = self.place("ids", ("# a fleet\n" + "\n".join(f"{i:032x}" for i in [*range(1, 1001), 1]) + "\n\n").encode())
        value = self.json("rollout", "demo", f"--file={ids}")
        self.assertEqual((len(value["machines"]), value["repeated"]), (1000, 1))
        self.assertEqual(value["included"], sum(m["included"] for m in value["machines"]))
        self.assertTrue(420 < value["included"] < 580)
        text = self.text("rollout", "demo", f"--file={ids}")
        self.assertIn(f"{value['included']} of 1000 machines take part now.\n1 more line has an id", text)
        ids = self.place("ids", f"{1:032x}\nhost7\n".encode())
        self.assertIn("ids:2: not a machine id", self.said(64, "rollout", "demo", f"--file={ids}"))
        self.assertIn("cannot be read", self.said(64, "rollout", "demo", "--file=/nowhere"))

    def test_without_an_id(self):
        self.waves("50%")
        self.plant({"/etc/machine-id": "uninitialized\n"})
        self.assertIn("no valid machine id", self.said(1, "rollout", "demo"))
        self.said(3, "rollout", "nosuch")


class Waves(Rollout):
    def why(self, question):
        value = self.json("why", "demo")
        self.assertEqual((value["action"], value["steps"][-1]["question"]), ("skip", question))
        return value["reason"]

    def test_dates(self):
        self.waves("1% 2020-01-01, 20% 2099-12-01, 100% 2099-12-07")
        self.assertEqual(self.why("rollout"), "Rollout=1.00%, and the position of this machine is 16.1137%: it joins on "
                                              "2099-12-01 00:00 UTC")
        [patch] = self.json("status")["patches"]
        self.assertEqual([w["percent"] for w in patch["limits"]["rolloutWaves"]], [1, 20, 100])
        self.assertEqual((patch["limits"]["rolloutPercent"], patch["enabledNext"]), (1, False))
        self.waves("1% 2020-01-01, 20% 2020-12-01, 100% 2099-12-07")
        self.assertEqual(self.json("why", "demo")["action"], "load")

    def test_tags(self):
        self.plant(manifest("demo", "RolloutTags=canary edge-*"))
        self.assertIn("and this machine has no tags", self.why("tags"))
        for text in ("TAGS=web:db\n", "#TAGS=canary\n", "TAGS=canary\nTAGS=web\n", "XTAGS=canary\n"):
            self.plant({"/etc/machine-info": text})
            self.why("tags")
        for text in ("TAGS=canary\n", 'PRETTY_HOSTNAME="x"\nTAGS="web:edge-4"\n', "TAGS='canary'"):
            self.plant({"/etc/machine-info": text})
            self.assertEqual(self.json("why", "demo")["action"], "load")


if __name__ == "__main__":
    unittest.main()
