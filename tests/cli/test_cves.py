#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl cves: what is fixed on the running kernel."""

import resource

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

    def test_cost(self):
        """500 CVEs in 20 patches: 200 ms of CPU at most, also in a build with sanitizers."""
        template = module("fix_000", build_id="ab" * 20)
        for n in range(20):
            name, build_id = f"fix-{n:03}", f"{n:040x}"
            self.addCleanup(BUILD_IDS.pop, f"fix_{n:03}")
            BUILD_IDS[f"fix_{n:03}"] = build_id
            data = template.replace(b"fix_000", f"fix_{n:03}".encode()).replace(b"\xab" * 20, bytes.fromhex(build_id))
            self.plant(manifest(name, "Fixes=" + " ".join(f"CVE-2026-{n}{k:02}" for k in range(25))), loaded(f"fix_{n:03}"),
                       {f"/var/lib/lpd/modules/{KERNEL}/{name}.ko": data})
        self.assertEqual(self.states()["CVE-2026-1924"], "effective")
        for verb in ("cves", "status", "metrics"):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            said = self.text(verb)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            self.assertLess(used, 0.2, verb)
            if verb != "status":
                self.assertEqual(sum("CVE-2026-" in line for line in said.splitlines()), 500)

    def test_cost_of_many(self):
        """The time grows with the number of identifiers, not with its square."""
        for n in range(10):
            self.plant(manifest(f"fix-{n}", *(f"Fixes=CVE-2026-{n}{k:04}" for k in range(1000))))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertEqual(self.text("cves").count("CVE-2026-"), 10000)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertLess(after.ru_utime - before.ru_utime, 2)

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

    def test_garbage_in_the_module(self):
        """Words that are no printable ASCII, or too long, are left out, and the others kept."""
        words = ("", ",,, ", "\\001CVE-2025-1", "CVE-2025-\\3772", "CVE-2025-3 " * 3, "L" * 5000, "bug#7,CVE-2025-4")
        self.plant({f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko":
                    module("fix_net", build_id=BUILD_IDS["fix_net"], fixes=words)})
        own = {"CVE-2024-1086", "CVE-2024-999", "CVE-2023-1", "RHSA-2024:1", "https://x.example/#1"}
        self.assertEqual(set(self.states()) - own, {"CVE-2025-3", "CVE-2025-4", "bug#7"})

    def test_two_builds(self):
        """The file of the build that the kernel has counts, not that of the installed one of the same name."""
        self.plant(HAS, {f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net", build_id="ab" * 20,
                                                                             srcversion="ABAB", fixes=("CVE-2025-1",)),
                         f"{INFO}/fix_net-0123456789ABCDEF0123456": "CVE-2024-7", f"{INFO}/fix_net-ABAB": "CVE-2024-8"})
        states = self.states()
        self.assertEqual(states["CVE-2024-1086"], "installed")
        self.assertNotIn("CVE-2024-8", states)
        self.assertEqual(states["CVE-2025-1"], "installed")

    def test_metric(self):
        """It counts what each source says, as lpctl cves does."""
        self.plant(HAS, {f"{INFO}/fix_net-0123456789ABCDEF0123456": "CVE-2024-7",
                         f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net", build_id=BUILD_IDS["fix_net"],
                                                                             fixes=("CVE-2025-1",))},
                   loaded("fix_left"), {"/sys/module/fix_left/srcversion": "ABC1\n", f"{INFO}/fix_left-ABC1": "CVE-2024-77"})
        metrics = dict(line.rsplit(" ", 1) for line in self.text("metrics").splitlines() if line.startswith("lpd_cve_effective"))
        states = self.states()
        self.assertEqual(metrics, {f'lpd_cve_effective{{cve="{i}"}}': str(int(s == "effective")) for i, s in states.items()})
        self.assertEqual({states[i] for i in ("CVE-2024-7", "CVE-2025-1", "CVE-2024-77")}, {"effective"})

    def test_foreign_patch(self):
        """One that another program has loaded, without a manifest."""
        self.plant(loaded("fix_left"), {"/sys/module/fix_left/srcversion": "ABC1\n", f"{INFO}/fix_left-ABC1": "CVE-2024-77"})
        self.assertEqual(self.states()["CVE-2024-77"], "effective")


class Uname(Cves):
    def test_uname(self):
        value, text = self.assert_same_everywhere("uname")
        self.assertEqual((value["release"], value["effective"], value["patch"]), (KERNEL, KERNEL, None))
        self.assertEqual(text, KERNEL + "\n")
        self.plant(manifest("fix-net", "Effective=6.1.0-57-cloud-amd64"), manifest("fix-old", "Effective=6.1.0-99-cloud-amd64"))
        value, text = self.assert_same_everywhere("uname")
        self.assertEqual((value["effective"], value["patch"]), ("6.1.0-57-cloud-amd64", "fix-net"))
        # The kernel compares versions, not letters.
        self.plant(manifest("fix-old", "Effective=6.1.0-100-cloud-amd64"), loaded("fix_left"), result("fix-old", moduleName="fix_left"),
                   {f"/var/lib/lpd/modules/{KERNEL}/fix-old.ko": module("fix_left", build_id=BUILD_IDS["fix_left"])})
        self.assertEqual(self.text("uname"), "6.1.0-100-cloud-amd64\n")
        self.plant(loaded("fix_left", transition=1), loaded("fix_net", enabled=0))
        self.assertEqual(self.text("uname"), KERNEL + "\n")


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
        csaf = {"document": {"category": "csaf_vex"}, "vulnerabilities": [{"cve": "CVE-2024-999"},
                                                                          {"ids": [{"text": "RHSA-2024:1"}, 7]}]}
        self.assertEqual(self.ids(json.dumps(csaf)), ["CVE-2024-999", "RHSA-2024:1"])
        cyclonedx = {"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "CVE-2024-1086"}]}
        self.assertEqual(self.ids(json.dumps(cyclonedx)), ["CVE-2024-1086"])

    def test_own_documents(self):
        """What it writes, it reads."""
        for name in ("openvex", "csaf", "cyclonedx"):
            self.assertEqual(self.ids(self.text("cves", f"--format={name}"), status=1),
                             [c["id"] for c in self.json("cves")["cves"]], name)

    def test_hostile_files(self):
        deep = "[" * 100000
        for data in (deep, '{"statements":' + deep, '{"vulnerabilities":[{"cve":' + "1" * 100000 + "}]", "{\0}", '{"statements": 5}',
                     '{"vulnerabilities": {"cve": "CVE-1-1"}}', "[]", '{"statements": [null]', "CVE-1\n" + "x\n" * 200000):
            self.assertNotIn(self.check_raw(data).returncode, (0, -6, -11), data[:40])

    def check_raw(self, data):
        return self.run_bare(f"--root={self.root}", "cves", "--check", self.place("asked", data.encode()))

    def test_bad_files(self):
        """One clear error each. None of them may count as "all are effective"."""
        def of(key, *entries):
            return json.dumps({key: entries})
        bad = "CVE-2024-1086\n"
        for data, reason in (
                ("{", "not valid JSON"), ("{}", "no OpenVEX, CSAF or CycloneDX document"), ("{\"a\": 1", "not valid"),
                (of("statements")[:-1], "not valid JSON"), (of("statements") + " more", "not valid JSON"),
                ("[" * 100000, "not valid JSON"), ('{"statements": ' + "[" * 90000 + "]" * 90000 + "}", "not valid JSON"),
                ("[]", "no OpenVEX, CSAF"), ('{"vulnerabilities": {}}', "no OpenVEX, CSAF"), ("# none\n\n", "it names nothing to check"),
                (of("statements"), "it names nothing to check"), (of("vulnerabilities"), "it names nothing to check"),
                (of("statements", {"vulnerability": "CVE-2024-1086"}, 7), "statement 2 has no identifier"),
                (of("statements", {"vulnerability": []}), "statement 1 has no identifier"),
                (of("statements", {"vulnerability": {"name": 7}}), "statement 1 has no identifier"),
                (of("vulnerabilities", {"cve": "CVE-2024-1086"}, None), "vulnerability 2 has no identifier"),
                (of("vulnerabilities", {"ids": [1, {"text": []}], "cve": {}}), "vulnerability 1 has no identifier"),
                (of("statements", {"vulnerability": "CVE-2024-1086\0x"}), "NUL"),
                (of("statements", {"vulnerability": "CVE-\x1b[31m"}), "'CVE-?[31m' is not an identifier"),
                (bad + "CVE-\x1b[31m\n", "'CVE-?[31m' is not an identifier"), (bad + "C" * 257, "is not an identifier"),
                (bad + "\0CVE-1-1\n", "not a text file"), ("\n".join(f"CVE-1-{i}" for i in range(10001)), "more than 10000 identifiers")):
            with self.subTest(data=data[:60]):
                error = json.loads(self.check(data, status=64).stdout)["error"]["message"]
                self.assertIn(reason, error)
                self.assertLess(len(error), 400)
        self.lpctl("cves", "--check", status=64)
        self.lpctl("cves", "--check", "/nowhere", status=1)

    def test_bad_places(self):
        (self.scratch / "list").write_text("CVE-2024-1086\n")
        for name, target in (("link", "list"), ("loop", "loop"), ("dangling", "nothing")):
            (self.scratch / name).symlink_to(target)
        os.mkfifo(self.scratch / "fifo")
        with open(self.scratch / "huge", "wb") as f:
            f.truncate(65 * 1024 * 1024)
        self.place("empty", b"")
        self.text("cves", "--check", self.scratch / "link")
        for name, status, reason in (("loop", 1, "Too many levels"), ("dangling", 1, "No such file"), ("fifo", 5, "regular file"),
                                     ("huge", 5, "64 MiB"), ("empty", 5, "empty"), (".", 5, "directory")):
            done = self.lpctl("cves", "--check", self.scratch / name, status=status)
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, f"\\Alpctl: [^\n]*{reason}[^\n]*\n\\Z")

    def test_byte_order_mark(self):
        self.assertEqual(self.ids("\ufeff" + "CVE-2024-1086\r\n"), ["CVE-2024-1086"])
        self.assertEqual(self.ids("\ufeff" + json.dumps({"vulnerabilities": [{"id": "CVE-2024-999"}]})), ["CVE-2024-999"])


class OpenVex(Cves):
    """The rules of OPENVEX-SPEC.md 0.2.0 for documents and statements."""

    TIME = {"SOURCE_DATE_EPOCH": "1700000000"}

    def document(self, *argv, status=0):
        done = self.lpctl("cves", "--format=openvex", *argv, status=status, env=self.TIME)
        document = json.loads(done.stdout)
        self.assertEqual(set(document), {"@context", "@id", "author", "timestamp", "version", "tooling", "statements"})
        self.assertEqual(document["@context"], "https://openvex.dev/ns/v0.2.0")
        self.assertRegex(document["@id"], "^urn:lpd:openvex:[0-9a-f]{64}$")
        self.assertEqual((document["timestamp"], document["version"]), ("2023-11-14T22:13:20Z", 1))
        for statement in document["statements"]:
            self.assertIn(statement["status"], ("fixed", "affected", "under_investigation"))
            self.assertEqual("action_statement" in statement, statement["status"] == "affected")
            self.assertEqual(set(statement) - {"action_statement"}, {"vulnerability", "products", "status", "status_notes"})
        self.products = [p["@id"] for p in document["statements"][0]["products"]]
        self.statements = {s["vulnerability"]["name"]: s for s in document["statements"]}
        return document

    def test_states(self):
        first = self.document()
        self.assertEqual(first, self.document())
        self.assertEqual({name: s["status"] for name, s in self.statements.items()},
                         {"CVE-2023-1": "affected", "CVE-2024-999": "fixed", "CVE-2024-1086": "fixed",
                          "RHSA-2024:1": "fixed", "https://x.example/#1": "fixed"})
        self.assertEqual(self.statements["CVE-2023-1"]["status_notes"], "live patch fix-old: installed: Enabled=no")
        self.plant(loaded("fix_net", transition=1))
        self.assertNotEqual(self.document()["@id"], first["@id"])
        self.assertEqual(self.statements["CVE-2024-999"]["status"], "affected")
        self.assertIn("lpctl blocking", self.statements["CVE-2024-999"]["action_statement"])

    def test_named(self):
        """The document says what is asked for, also if that is not fixed."""
        self.document("CVE-2024-999", "CVE-9-9", status=1)
        self.assertEqual({name: s["status"] for name, s in self.statements.items()},
                         {"CVE-2024-999": "fixed", "CVE-9-9": "under_investigation"})

    def test_products(self):
        generic = f"pkg:generic/linux-kernel@{KERNEL}"
        for text, package in ((None, generic), ("", generic), ("ID=arch\n", generic), ("ID='a/b?c'\n", generic),
                              ("NAME=x\nID=debian\n", f"pkg:deb/debian/linux-image-{KERNEL}"),
                              ('ID=mint\nID_LIKE="ubuntu debian"\n', f"pkg:deb/mint/linux-image-{KERNEL}"),
                              ('ID="rocky"\nID_LIKE="rhel centos"\n', f"pkg:rpm/rocky/kernel-core@{KERNEL}"),
                              ('ID="opensuse-leap"\nID_LIKE="suse"', f"pkg:rpm/opensuse-leap/kernel-default@{KERNEL}")):
            if text is not None:
                self.plant({"/etc/os-release": text})
            self.document()
            self.assertEqual(self.products, [package, f"{generic}?build_id={'5e' * 20}"], text)

    def test_refused(self):
        self.text("cves", "--format=csv", status=64)
        self.json("cves", "--format=openvex", status=64)
        for name in ("fix-net", "fix-old"):
            self.plant(manifest(name))
        done = self.lpctl("cves", "--format=openvex", status=1)
        self.assertEqual(done.stdout, "")
        self.assertIn("nothing to write a document about", done.stderr)


if __name__ == "__main__":
    unittest.main()
