#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The documents that lpctl cves writes, read by programs of others, which bring the published schemas. Of
OpenVEX there is no reader in Debian or npm: tests/cli/test_cves.py has the rules of its specification."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

SOURCE = Path(os.environ["SOURCE_ROOT"])
sys.path.insert(0, str(SOURCE / "tests/cli"))
from machine import BUILD_IDS, KERNEL, PERMISSIVE, Case, kernel, loaded, manifest, module, result

HERE = Path(__file__).resolve().parent
NOTHING = "CVE-2026-4242"


def setUpModule():
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)


class Documents(Case):
    def setUp(self):
        super().setUp()
        modules = f"/var/lib/lpd/modules/{KERNEL}"
        self.plant(kernel(KERNEL), PERMISSIVE,
                   {f"{modules}/fix-net.ko": module("fix_net", build_id=BUILD_IDS["fix_net"]),
                    f"{modules}/fix-old.ko": module("fix_old"), "/etc/os-release": "ID=debian\n"},
                   manifest("fix-net", "Fixes=CVE-2024-1086 RHSA-2024:1 https://x.example/?a=b#1"),
                   loaded("fix_net"), result("fix-net"),
                   manifest("fix-old", "Fixes=CVE-2023-1000 CVE-2024-1 bsc#1220000", "Enabled=no"))

    def document(self, name):
        """Of everything that is known, and one CVE that no patch fixes."""
        ids = [c["id"] for c in self.json("cves")["cves"]]
        return self.lpctl("cves", f"--format={name}", *ids, NOTHING, status=1).stdout

    def faults(self, name, text):
        path = self.place(name, text.encode())
        done = subprocess.run(["node", HERE / "read.mjs", name, path], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_csaf(self):
        document = json.loads(self.document("csaf"))
        self.assertEqual(self.faults("csaf", json.dumps(document)), [])
        groups = {}
        for v in document["vulnerabilities"]:
            (status, products), = v["product_status"].items()
            groups.setdefault(status, []).append(v.get("cve") or v["ids"][0]["text"])
            self.assertEqual(products, ["kernel", "kernel-build"])
            self.assertEqual("remediations" in v, status == "known_affected")
        self.assertEqual(groups, {"fixed": ["CVE-2024-1086", "RHSA-2024:1", "https://x.example/?a=b#1"],
                                  "known_affected": ["CVE-2023-1000", "CVE-2024-1", "bsc#1220000"],
                                  "under_investigation": [NOTHING]})
        # The reader does find faults.
        next(v for v in document["vulnerabilities"] if "remediations" in v)["product_status"] = {"fixed": ["other"]}
        self.assertNotEqual(self.faults("csaf", json.dumps(document)), [])

    def test_cyclonedx(self):
        text = self.document("cyclonedx")
        self.assertEqual(self.faults("cyclonedx", text), [])
        document = json.loads(text)
        states = {v["id"]: v["analysis"]["state"] for v in document["vulnerabilities"]}
        self.assertEqual(states, {"CVE-2024-1086": "resolved", "RHSA-2024:1": "resolved", "https://x.example/?a=b#1": "resolved",
                                  "CVE-2023-1000": "exploitable", "CVE-2024-1": "exploitable", "bsc#1220000": "exploitable",
                                  NOTHING: "in_triage"})
        refs = {document["metadata"]["component"]["bom-ref"], *(c["bom-ref"] for c in document["components"])}
        self.assertEqual({a["ref"] for v in document["vulnerabilities"] for a in v["affects"]}, refs)
        self.assertNotEqual(self.faults("cyclonedx", text.replace('"resolved"', '"repaired"')), [])

    def test_reproducible(self):
        """One moment, one document."""
        for name in ("csaf", "cyclonedx"):
            one, other = (self.lpctl("cves", f"--format={name}", env={"SOURCE_DATE_EPOCH": "1700000000"}).stdout
                          for _ in range(2))
            self.assertEqual(one, other)


if __name__ == "__main__":
    unittest.main()
