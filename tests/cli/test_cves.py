#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl cves: what is fixed on the running kernel."""

from machine import *

INFO = "/usr/share/livepatch/info"
HAS = {"/sys/module/fix_net/srcversion": "0123456789ABCDEF0123456\n"}


class Cves(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE,
                   manifest("fix-net", "Fixes=CVE-2024-1086 CVE-2024-999 RHSA-2024:1", "Fixes=https://x.example/#1"),
                   {f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net", build_id=BUILD_IDS["fix_net"])},
                   loaded("fix_net"), result("fix-net"),
                   manifest("fix-old", "Fixes=CVE-2023-1 CVE-2024-1086", "Enabled=no"),
                   {f"/var/lib/lpd/modules/{KERNEL}/fix-old.ko": module("fix_old")})

    def states(self, *argv, status=0):
        return {c["id"]: c["state"] for c in self.json("cves", *argv, status=status)["cves"]}

    def entry(self, wanted):
        return next(c for c in self.json("cves")["cves"] if c["id"] == wanted)


class States(Cves):
    def test_all(self):
        value, text = self.assert_same_everywhere("cves")
        self.assertEqual([c["id"] for c in value["cves"]], ["CVE-2023-1", "CVE-2024-999", "CVE-2024-1086", "RHSA-2024:1",
                                                            "https://x.example/#1"])
        self.assertEqual(self.entry("CVE-2024-999"), {"id": "CVE-2024-999", "state": "effective", "patch": "fix-net",
                                                      "reason": None, "since": 1700000000000000})
        # Of two patches that fix the same, the better one counts.
        self.assertEqual(self.entry("CVE-2024-1086")["patch"], "fix-net")
        self.assertEqual(self.entry("CVE-2023-1")["reason"], "Enabled=no")
        self.assertEqual(value["kernel"]["release"], KERNEL)
        rows = [line.split() for line in text.splitlines()]
        self.assertEqual(rows[0][:3], ["ID", "STATE", "PATCH"])
        self.assertIn(["CVE-2023-1", "installed", "fix-old", "-"], rows)
        self.assertIn("    Enabled=no", text.splitlines())

    def test_pending(self):
        self.plant(loaded("fix_net", transition=1))
        self.assertEqual(self.entry("CVE-2024-1086")["state"], "pending")

    def test_disabled(self):
        self.plant(loaded("fix_net", enabled=0))
        self.assertEqual(self.states()["CVE-2024-1086"], "installed")

    def test_other_build(self):
        """The kernel has another build than the one that the manifest speaks of."""
        self.plant({f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net", build_id="ab" * 20)})
        self.plant(manifest("fix-old"))
        self.assertEqual(self.entry("CVE-2024-1086")["reason"], "another build of the patch is loaded")
        self.assertEqual(self.states()["CVE-2024-1086"], "installed")

    def test_none(self):
        self.plant(manifest("fix-net"), manifest("fix-old"))
        self.assertEqual(self.text("cves"), "No patch on this machine says what it fixes.\n")


class Sources(Cves):
    def test_many(self):
        """Long lines and repeated keys."""
        wanted = [f"CVE-2026-{n}" for n in range(1, 600)]
        self.plant(manifest("fix-net", "Fixes=" + " ".join(wanted[:400]), "Fixes=" + " ".join(wanted[400:])),
                   manifest("fix-old"))
        self.assertEqual(self.states(), dict.fromkeys(wanted, "effective"))

    def test_info_file(self):
        """As SUSE's packages ship it, for the srcversion that the kernel has."""
        self.plant(HAS, {f"{INFO}/fix_net-0123456789ABCDEF0123456":
                         "kernel-livepatch-6_1-1-1.x86_64\n- Fix for CVE-2024-7, CVE-2024-8 (bsc#1220000).\n"
                         "- see <https://bugs.example/1>; not CVE- alone\n",
                         f"{INFO}/fix_net-OTHER": "CVE-2024-9\n"})
        states = self.states()
        for found in ("CVE-2024-7", "CVE-2024-8", "bsc#1220000", "https://bugs.example/1"):
            self.assertEqual(states[found], "effective", states)
        self.assertNotIn("CVE-2024-9", states)
        self.assertNotIn("CVE-", states)

    def test_hostile_info_file(self):
        self.plant({"/sys/module/fix_net/srcversion": "../../../etc/passwd\n", "/etc/passwd": "CVE-2000-1"})
        self.assertNotIn("CVE-2000-1", self.states())
        self.plant(HAS, {f"{INFO}/fix_net-0123456789ABCDEF0123456": "CVE-2000-1" + "9" * 400 + " CVE-2000-2\x1b[31m"})
        self.assertEqual({i for i in self.states() if "2000" in i}, set())

    def test_in_the_module(self):
        self.plant({f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net", build_id=BUILD_IDS["fix_net"], fixes=("CVE-2025-1,CVE-2025-2", "DSA-1"))})
        states = self.states()
        self.assertEqual([states.get(i) for i in ("CVE-2025-1", "CVE-2025-2", "DSA-1")], ["effective"] * 3)

    def test_foreign_patch(self):
        """One that another program has loaded, without a manifest."""
        self.plant(loaded("fix_left"), {"/sys/module/fix_left/srcversion": "ABC1\n", f"{INFO}/fix_left-ABC1": "CVE-2024-77"})
        self.assertEqual(self.states()["CVE-2024-77"], "effective")


class Asked(Cves):
    def test_arguments(self):
        self.assertEqual(self.states("CVE-2024-1086"), {"CVE-2024-1086": "effective"})
        self.assertEqual(self.states("CVE-2024-1086", "CVE-2023-1", "CVE-1999-1", status=1),
                         {"CVE-2024-1086": "effective", "CVE-2023-1": "installed", "CVE-1999-1": None})
        said = self.lpctl("cves", "CVE-2023-1", status=1)
        self.assertEqual(said.stderr, "lpctl: CVE-2023-1: not effective on this kernel\n")
        self.assertIn("Enabled=no", said.stdout)

    def check(self, data, status=0):
        path = self.place("asked", data.encode())
        return self.lpctl("cves", "--json=short", "--check", path, status=status)

    def ids(self, data, status=0):
        return [c["id"] for c in json.loads(self.check(data, status).stdout)["cves"]]

    def test_files(self):
        self.assertEqual(self.ids("# of today\nCVE-2024-1086\n\n CVE-2024-999 # second\n"), ["CVE-2024-1086", "CVE-2024-999"])
        openvex = {"@context": "https://openvex.dev/ns/v0.2.0", "statements": [
            {"vulnerability": {"name": "CVE-2024-1086"}, "status": "affected"}, {"vulnerability": "CVE-2023-1"}]}
        self.assertEqual(self.ids(json.dumps(openvex), status=1), ["CVE-2024-1086", "CVE-2023-1"])
        csaf = {"document": {"category": "csaf_vex"}, "vulnerabilities": [{"cve": "CVE-2024-999"}, {"ids": []}]}
        self.assertEqual(self.ids(json.dumps(csaf)), ["CVE-2024-999"])

    def test_bad_files(self):
        for data, reason in (("{", "not valid JSON"), ("{}", "neither an OpenVEX nor a CSAF document"), ("{\"a\": 1", "not valid")):
            self.assertIn(reason, self.check(data, status=64).stdout)
        self.lpctl("cves", "--check", status=64)
        self.lpctl("cves", "--check", "/nowhere", status=1)


if __name__ == "__main__":
    unittest.main()
