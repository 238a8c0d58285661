#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What lpctl metrics prints, and the alert rules and the dashboard of contrib/prometheus: promtool finds no
fault in the metrics, the rules do what their tests say, and every metric in both is one that lpctl prints."""

import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

SOURCE = Path(os.environ["SOURCE_ROOT"])
sys.path.insert(0, str(SOURCE / "tests/cli"))
from machine import KERNEL, PERMISSIVE, Case, kernel, loaded, manifest, result
TOP = SOURCE / "contrib/prometheus"
METRIC = re.compile(r"\blpd_[a-z_]+")


def printed():
    """The names in the program's source: some metrics are printed only while there is something to say."""
    return set(re.findall(r'"(lpd_[a-z_]+)"', (SOURCE / "lpd/ctl/metrics.c").read_text()))


class Metrics(Case):
    def test_metrics(self):
        self.plant(kernel(KERNEL), PERMISSIVE, manifest("fix-net", "Fixes=CVE-2024-1", "Required=yes"), loaded("fix_net"),
                   result("fix-net"), manifest("fix-gone", "Enabled=no"), loaded("fix_left", transition=1))
        done = subprocess.run(["promtool", "check", "metrics"], input=self.text("metrics"), capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Prometheus(unittest.TestCase):
    def promtool(self, *argv):
        done = subprocess.run(["promtool", *argv], cwd=TOP, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules(self):
        self.promtool("check", "rules", "lpd.rules.yml")
        self.promtool("test", "rules", "lpd.rules.test.yml")

    def test_every_alert_is_tested(self):
        rules, tests = ((TOP / name).read_text() for name in ("lpd.rules.yml", "lpd.rules.test.yml"))
        alerts = re.findall(r"alert: (\w+)", rules)
        self.assertGreater(len(alerts), 0)
        self.assertEqual(set(alerts), set(re.findall(r"alertname: (\w+)\n", tests)))

    def test_metrics_of_rules(self):
        used = set(METRIC.findall("\n".join(re.findall(r"expr: (.*)", (TOP / "lpd.rules.yml").read_text()))))
        self.assertGreater(len(used), 0)
        self.assertEqual(used - printed(), set())

    def test_dashboard(self):
        dashboard = json.loads((TOP / "lpd-dashboard.json").read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]))
        for query in queries:
            self.assertTrue(METRIC.findall(query), query)
            self.assertEqual(set(METRIC.findall(query)) - printed(), set(), query)


if __name__ == "__main__":
    unittest.main()
