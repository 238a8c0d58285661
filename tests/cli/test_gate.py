#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One gate: for each kind of unfit module every verb gives the same answer, which is that of the
load."""

import json
import os
import re
import subprocess
import unittest

from machine import *

STORE = f"/var/lib/lpd/modules/{KERNEL}"
FILE = f"{STORE}/fix-net.ko"
GOOD = module("fix_net")
MARKER = b"~Module signature appended~\n"
NOBODY = 65534


def trailer(size, id_type=2):
    return bytes((0, 0, id_type, 0, 0, 0, 0, 0)) + size.to_bytes(4, "big") + MARKER


def other_machine():
    """e_machine of elf(5)."""
    data = bytearray(GOOD)
    data[18:20] = (22).to_bytes(2, "little")   # EM_S390
    return bytes(data)


def bad_name():
    return GOOD.replace(b"name=fix_net\0", b"name=fix/net\0")


# not "refused", because these are not modules
GARBAGE = re.compile("not a kernel module|modinfo name=|this machine is")
# The contents of the file; the words of the refusal; the exit status of a load.
BYTES = {
    "not ELF": (b"#!/bin/sh\nexit 0\n" * 9, "", 5),
    "empty": (b"", "", 5),
    "truncated": (GOOD[:len(GOOD) // 2], "", 5),
    "another machine": (other_machine(), "this machine is", 5),
    "no modinfo": (GOOD.replace(b".modinfo\0", b".modinfx\0"), "no section .modinfo", 5),
    "no live patch": (module("fix_net", livepatch=False), "no live patch (no livepatch=Y)", 5),
    "another release": (module("fix_net", release="6.1.0-55-cloud-amd64"),
                        f"built for the kernel 6.1.0-55-cloud-amd64, not for {KERNEL}", 6),
    "a bad name": (bad_name(), "modinfo name= is no name of a module", 5),
    "a torn trailer": (GOOD + trailer(len(GOOD) * 2), "", 5),
    "packed rubbish": (compressed(GOOD, "gzip")[:-20], "", 5),
}


class Gate(Case):
    """Every read-only verb, on a machine with one patch whose module is unfit."""

    policy = "permissive"

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), {"/etc/lpd/lpd.conf": f"[Trust]\nSignature={self.policy}\n"},
                   manifest("fix-net", "Stage=initrd"))

    def assert_refused_by_all(self, words, status, form=rf"^fix-net\.ko: .* \({FILE}\)$"):
        """Returns the answers of all verbs."""
        why = self.json("why", "fix-net")
        reason = why["reason"]
        self.assertIn(words, reason)
        self.assertRegex(reason, form)
        self.assertEqual((why["action"], why["exitStatus"], why["steps"][-1]["passed"]),
                         ("fail", status, False))
        value = self.json("apply", "--dry-run", status=status)
        self.assertEqual([(a["action"], a["reason"], a["exitStatus"]) for a in value["actions"]],
                         [("fail", reason, status)])
        self.assertEqual(value["error"]["message"], f"fix-net: {reason}")
        problems = self.json("lint", status=78)["problems"]
        self.assertEqual([(p["file"], p["message"]) for p in problems],
                         [("/etc/lpd/patches.d/fix-net.conf", reason)])
        self.assertEqual(self.json("verify", "fix-net", status=status)["error"]["message"], reason)
        patch = self.json("status")["patches"][0]
        state = "quarantined" if status == 9 else "refused" if status == 5 and not GARBAGE.search(reason) else "failed"
        self.assertEqual((patch["state"], patch["reason"]), (state, reason))
        listed = self.json("initramfs-files")
        self.assertEqual((listed["patches"], listed["warnings"]), ([], [f"fix-net: left out: {reason}"]))
        return reason

    def assert_not_installed(self, data, reason, status):
        path = self.place("fix-net.ko", data)
        before = tree_of(self.root)
        value = self.json_once("install", "--no-load", path, status=status)
        self.assertEqual(value["error"]["message"], reason.replace(FILE, str(path)))
        self.assertEqual(tree_of(self.root), before)

    def test_bytes(self):
        for kind, (data, words, status) in BYTES.items():
            with self.subTest(kind):
                self.plant({FILE: data})
                reason = self.assert_refused_by_all(words, status)
                options = [f"--kernel={KERNEL}"] if status == 6 else []
                path = self.place("fix-net.ko", data)
                value = self.json_once("install", "--no-load", *options, path, status=status)
                self.assertEqual(value["error"]["message"], reason.replace(FILE, str(path)))

    def test_fit(self):
        self.plant({FILE: GOOD})
        why, _ = self.assert_same_everywhere("why", "fix-net")
        self.assertEqual((why["action"], why["exitStatus"]), ("load", 0))
        self.json("apply", "--dry-run")
        self.json("lint")
        self.json("verify", "fix-net")
        self.assertEqual(self.json("initramfs-files")["patches"], ["fix-net"])

    def test_pin(self):
        self.plant({FILE: GOOD}, manifest("fix-net", "Stage=initrd", f"[Kernel:{KERNEL}]",
                                          f"SHA256={'0' * 64}"))
        reason = self.assert_refused_by_all(
            f"its SHA256 is {sha256(GOOD)}, but the manifest has {'0' * 64}", 5)
        self.assert_not_installed(GOOD, reason, 5)

    def record(self, state, boots=(), **fields):
        attempts = [{"boot": boot, "stage": "system", "time": 1} for boot in boots]
        text = json.dumps({"name": "fix-net", "state": state, "since": 1, "attempts": attempts, **fields})
        self.plant({f"/var/lib/lpd/ledger/{KERNEL}/{sha256(GOOD)}.json": text})

    def assert_fits_a_screen(self):
        """The status of a quarantined patch says what to do, on a terminal of 80 x 24."""
        text = self.text("status")
        self.assertIn("Guard     fix-net is quarantined and is not loaded at boot\n"
                      "          lpctl ledger  fix-net  shows why\n"
                      "          lpctl install FILE     installs a repaired build\n"
                      "          lpctl clear   fix-net  tries the same build again\n"
                      "          lpctl remove  fix-net  gives it up\n", text)
        lines = text.splitlines()
        self.assertLess(len(lines), 24)
        self.assertEqual([line for line in lines if len(line) > 80], [])
        self.assertEqual(self.text("why", "fix-net", status=0).count("this build is quarantined"), 2)

    def test_ledger(self):
        self.plant({FILE: GOOD})
        anything = re.compile("^this build is quarantined: ")
        self.record("quarantined", reason="the kernel reported a BUG in it")
        reason = self.assert_refused_by_all("the kernel reported a BUG in it", 9, anything)
        self.assert_not_installed(GOOD, reason, 9)
        patch = self.json("status")["patches"][0]
        self.assertEqual((patch["guard"], patch["attempts"], patch["enabledNext"]), ("quarantined", 0, False))
        self.assert_fits_a_screen()
        self.record("trial", ("one", "two"))
        reason = self.assert_refused_by_all("2 boots in a row ended without an orderly shutdown", 9, anything)
        self.assert_not_installed(GOOD, reason, 9)
        self.assertEqual(self.json("why", "fix-net", status=0)["hint"],
                         "install another build, or give this one another chance: lpctl clear fix-net")
        for record in ("trial", ("one",)), ("confirmed", ()):
            self.record(*record, **({"stage": "system"} if record[0] == "confirmed" else {}))
            self.assertEqual(self.json("why", "fix-net")["action"], "load")
            self.json("verify", "fix-net")
            self.assertEqual(self.json("status")["patches"][0]["guard"], record[0])

    def test_ledger_comes_last(self):
        self.plant({FILE: GOOD}, manifest("fix-net", "Stage=initrd", f"[Kernel:{KERNEL}]", f"SHA256={'0' * 64}"))
        self.record("quarantined")
        self.assert_refused_by_all("but the manifest has", 5)

    def test_pin_comes_before_the_form(self):
        self.plant({FILE: BYTES["another release"][0]},
                   manifest("fix-net", "Stage=initrd", f"[Kernel:{KERNEL}]", f"SHA256={'0' * 64}"))
        self.assert_refused_by_all("but the manifest has", 5)

    def test_unsafe(self):
        self.plant({FILE: GOOD})
        place = self.root / FILE.lstrip("/")
        place.chmod(0o664)
        self.assert_refused_by_all("", 5)
        place.chmod(0o644)
        place.parent.chmod(0o777)
        self.assert_refused_by_all("", 5)
        place.parent.chmod(0o755)
        self.json("lint")

    @unittest.skipIf(os.geteuid(), "takes root")
    def test_owner(self):
        self.plant({FILE: GOOD})
        os.chown(self.root / FILE.lstrip("/"), NOBODY, NOBODY)
        self.assert_refused_by_all("", 5)

    def test_no_plain_file(self):
        place = self.root / FILE.lstrip("/")
        self.plant({f"{STORE}/real.ko": GOOD, FILE: Link("real.ko")})
        self.assert_refused_by_all("", 5)
        place.unlink()
        self.plant({FILE: None})
        self.assert_refused_by_all("", 5)
        place.rmdir()
        os.mkfifo(place)
        self.assert_refused_by_all("", 5)

    def test_too_large(self):
        self.plant({FILE: GOOD})
        os.truncate(self.root / FILE.lstrip("/"), (256 << 20) + 1)
        self.assert_refused_by_all("", 5)


class BrokenPolicy(Case):
    """Nothing is trusted while the policy cannot be read, and that counts as a configuration
    error."""

    WORDS = "the policy has an error, so nothing is trusted: /etc/lpd/lpd.conf:2: "

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), {"/etc/lpd/lpd.conf": "[Trust]\nSignature=maybe\n", FILE: GOOD},
                   manifest("fix-net", "Stage=initrd"))

    def test_one_word(self):
        why = self.json("why", "fix-net")
        reason = why["reason"]
        self.assertTrue(reason.startswith(self.WORDS), reason)
        self.assertEqual((why["action"], why["exitStatus"]), ("fail", 78))
        value = self.json("apply", "--dry-run", status=78)
        self.assertEqual([(a["action"], a["reason"], a["exitStatus"]) for a in value["actions"]],
                         [("fail", reason, 78)])
        self.assertEqual(value["error"]["message"], f"fix-net: {reason}")
        patch = self.json("status")["patches"][0]
        self.assertEqual((patch["state"], patch["reason"]), ("failed", reason))
        path = self.place("fix-net.ko", GOOD)
        for argument in ("fix-net", path):
            self.assertEqual(self.json("verify", argument, status=78)["error"]["message"], reason)
        self.assertEqual([f"{self.WORDS.removesuffix('/etc/lpd/lpd.conf:2: ')}{p['message']}"
                          for p in self.json("lint", status=78)["problems"]], [reason])
        before = tree_of(self.root)
        value = self.json_once("install", "--no-load", path, status=78)
        self.assertEqual(value["error"]["message"], reason)
        self.assertEqual(tree_of(self.root), before)


class LateMounts(Case):
    """Files that generators cannot see yet are not loaded at boot: install and lint say so."""

    LATE = "which is mounted only after lpd-generator(8) has run"

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE)

    def fstab(self, *lines):
        self.plant({"/etc/fstab": "".join(f"{line}\n" for line in ("# <what> <where>", "LABEL=root / ext4 defaults 0 1",
                                                                  "LABEL=usr /usr ext4 ro 0 2", *lines))})

    def problems(self, status=78):
        return {p["file"]: p for p in self.json("lint", status=status)["problems"]}

    def install(self, status=0):
        before = tree_of(self.root)
        value = self.json_once("install", "--no-load", self.place("fix-net.ko", GOOD), status=status)
        if status:
            self.assertEqual(tree_of(self.root), before)
        return value

    def test_own_disk(self):
        for where in ("/etc/lpd", "/etc/lpd/", "/etc/lpd/patches.d"):
            with self.subTest(where):
                self.fstab(f"  LABEL=lpd\t{where} ext4 nofail,noatime 0 2")
                error = self.install(status=78)["error"]
                self.assertEqual(error["message"], f"/etc/lpd/patches.d lies on {where.rstrip(chr(47))}, {self.LATE}, so nothing in "
                                                   "it is loaded at boot")
                self.assertIn("x-initrd.mount", error["hint"])
                found = self.problems()
                self.assertEqual(found["/etc/lpd/patches.d"]["message"], error["message"])
                self.assertEqual("/etc/lpd/lpd.conf" in found, where != "/etc/lpd/patches.d")

    def test_behind_a_link(self):
        (self.root / "etc/lpd/patches.d").rmdir()
        self.plant({"/etc/lpd/patches.d": Link("../../data/patches"), "/data/patches": None})
        self.fstab("LABEL=data /data xfs defaults 0 2")
        self.assertIn("lies on /data, ", self.install(status=78)["error"]["message"])
        self.assertIn("/etc/lpd/patches.d", self.problems())

    def test_usr_local(self):
        """install does not write to directories that belong to others."""
        self.fstab("LABEL=local /usr/local ext4 defaults 0 2")
        self.problems(status=0)
        self.plant({"/usr/local/lib/lpd/patches.d": None, "/usr/lib/lpd/patches.d": None})
        self.assertEqual(list(self.problems()), ["/usr/local/lib/lpd/patches.d"])
        self.install()

    def test_mount_units(self):
        """Mounts with unit files are found too."""
        units = ("etc-lpd.mount", "etc-lpd-patches.d.mount", "etc-lpd.automount")
        for unit, directory in zip(units, ("/etc", "/usr/lib", "/run")):
            with self.subTest(unit):
                path = f"{directory}/systemd/system/{unit}"
                self.plant({path: "[Mount]\nWhat=/dev/x\n"})
                where = "/etc/lpd/patches.d" if "patches" in unit else "/etc/lpd"
                self.assertIn(f"/etc/lpd/patches.d lies on {where}, {self.LATE}",
                              self.install(status=78)["error"]["message"])
                self.assertIn("/etc/lpd/patches.d", self.problems())
                (self.root / path.lstrip("/")).unlink()
        self.plant({"/usr/lib/systemd/system/etc-lpd.mount": "[Mount]\n", "/etc/systemd/system/etc-lpd.mount": Link("/dev/null"),
                    "/usr/lib/systemd/system/usr.mount": "[Mount]\n"})
        self.problems(status=0)
        self.install()

    def test_needs_the_network(self):
        """These are mounted after patches are loaded, so modules and probes cannot be there."""
        self.plant({"/etc/systemd/system/net.mount": "[Mount]\nType=nfs\n", "/net": None})
        path = "/etc/lpd/patches.d/fix-far.conf"
        for text in (f"[Patch]\n[Kernel:{KERNEL}]\nModule=/net/x.ko\n", "[Patch]\nProbe=/net/probe\n"):
            self.plant({path: text})
            problems = self.json("lint", status=78)["problems"]
            self.assertTrue(any("lies on /net, which needs the network" in p["message"] for p in problems), problems)
        (self.root / path.lstrip("/")).unlink()
        (self.root / "var/lib/lpd").rename(self.root / "net/lpd")
        self.plant({"/var/lib/lpd": Link("../../net/lpd")})
        error = self.install(status=78)["error"]
        self.assertIn("/var/lib/lpd/modules lies on /net, which needs the network", error["message"])
        self.fstab("filer:/x /net nfs x-initrd.mount 0 0")
        self.install()

    def test_in_time(self):
        self.fstab("LABEL=lpd /etc/lpd ext4 ro,x-initrd.mount 0 2", "LABEL=x /etc/lp ext4 defaults 0 2",
                   "LABEL=y none swap sw 0 0", "#LABEL=z /etc/lpd ext4 defaults 0 2", "", "broken")
        self.problems(status=0)
        self.install()


class Signed(Gate):
    """Signature=required with --root=: a module that no kernel would accept is refused, the rest is
    left to the load, and only verify calls it not verified."""

    policy = "required"

    # These tests of Gate need no signature.
    test_bytes = test_fit = test_pin = test_pin_comes_before_the_form = test_unsafe = test_owner = None
    test_no_plain_file = test_too_large = test_ledger = test_ledger_comes_last = None

    def sign(self, data):
        top = self.scratch
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj",
                        "/CN=stranger", "-keyout", top / "key", "-out", top / "pem"],
                       check=True, capture_output=True)
        der = subprocess.run(["openssl", "cms", "-sign", "-binary", "-noattr", "-nocerts", "-outform", "DER",
                              "-signer", top / "pem", "-inkey", top / "key"], input=data,
                             capture_output=True, check=True).stdout
        return data + der + trailer(len(der))

    def test_unsigned(self):
        self.plant({FILE: GOOD})
        reason = self.assert_refused_by_all("it is not signed (unsigned, Signature=required)", 5)
        self.assert_not_installed(GOOD, reason, 5)

    @unittest.skipIf(os.geteuid(), "takes root")
    def test_malformed(self):
        """An image is built without reading ASN.1; its load refuses the module."""
        data = GOOD + b"\x30\x84\xff\xff" + trailer(4)
        self.plant({FILE: data})
        reason = self.json("why", "fix-net")["reason"]
        self.assertIn("(bad-signature, Signature=required)", reason)
        for verb, status in (("verify", 5), ("apply", 5)):
            argv = ["--dry-run"] if verb == "apply" else ["fix-net"]
            self.assertIn(reason, self.json(verb, *argv, status=status)["error"]["message"])
        self.assertEqual([p["message"] for p in self.json("lint", status=78)["problems"]], [reason])
        self.assert_not_installed(data, reason, 5)

    def test_unknown_signer(self):
        self.plant({FILE: self.sign(GOOD)})
        why, _ = self.assert_same_everywhere("why", "fix-net")
        self.assertEqual((why["action"], why["exitStatus"]), ("load", 0))
        self.assertIn("to be checked at the load", [s["fact"] for s in why["steps"]
                                                   if s["question"] == "signature"][0])
        self.json("apply", "--dry-run")
        self.json("lint")
        self.assertEqual(self.json("initramfs-files")["patches"], ["fix-net"])
        self.assertEqual(self.json("verify", "fix-net", status=5)["signature"]["verdict"], "unknown-signer")


class Lint(Case):
    """Lint reports every fault of a file, not only the first."""

    TEXT = "[Patch]\nTiemout=60s\nRequired=perhaps\nEnabled=yes\nEnabled=no\n[Kernel:6.1]\nSHA256=x\nodd line\n"

    def lines(self, value):
        return [p["message"].split(": ")[0].split(":")[-1] for p in value["problems"]]

    def test_manifest(self):
        self.plant(kernel(KERNEL), {"/etc/lpd/patches.d/fix-net.conf": self.TEXT,
                                    "/etc/lpd/patches.d/fix-net.conf.d/10-a.conf": "[Patch]\nA=1\nB=2\n",
                                    "/etc/lpd/patches.d/fix-net.conf.d/20-b.conf": "[Patch]\nC=3\n"})
        value, text = self.assert_same_everywhere("lint", status=78)
        self.assertEqual(self.lines(value), ["2", "3", "5", "7", "8", "2", "3", "2"])
        self.assertEqual(value["error"]["message"], "8 problems found")
        self.assertIn("10-a.conf:3: unknown key 'B'", text)
        # Other verbs report only the first fault.
        self.assertIn("fix-net.conf:2: unknown key 'Tiemout'", self.json("why", "fix-net")["reason"])

    def test_file(self):
        value = self.json("lint", self.place("fix-net.conf", self.TEXT.encode()), status=78)
        self.assertEqual(self.lines(value), ["2", "3", "5", "7", "8"])

    def test_policy(self):
        self.plant(kernel(KERNEL), {"/etc/lpd/lpd.conf": "[Trust]\nSignature=maybe\n[Lok]\n",
                                    "/etc/lpd/lpd.conf.d/10-a.conf": "[Lock]\nLock=never\nx\n"})
        value = self.json("lint", status=78)
        self.assertEqual(self.lines(value), ["2", "3", "2", "3"])

    def test_extensions(self):
        """systemd waits at boot for the units that an extension names, and lpd.service starts later."""
        path = "/usr/lib/extension-release.d/extension-release."
        self.plant(kernel(KERNEL), {
            f"{path}good": 'ID=_any\nEXTENSION_RELOAD_OR_RESTART_UNITS="lpd-apply.service x.service"\n',
            f"{path}other": "ID=_any\nNOTE=lpd.service\n"})
        self.json("lint")
        for line in ('EXTENSION_RELOAD_OR_RESTART_UNITS="x.service lpd.service"', "EXTENSION_RESTART_UNITS=lpd.service"):
            self.plant(kernel(KERNEL), {f"{path}bad": f"ID=_any\n{line}\n"})
            problem, = self.json("lint", status=78)["problems"]
            self.assertEqual(problem["file"], f"{path}bad")
            self.assertIn("a boot with it never ends", problem["message"])
            self.assertEqual(problem["hint"], "name lpd-apply.service instead")


if __name__ == "__main__":
    unittest.main(verbosity=2)
