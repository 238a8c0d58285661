#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SignedManifests=yes with --root=, where no kernel can be asked: signatures made by openssl as in
lpd.patch(5), which certificates in /etc/lpd/keys.d verify."""

import functools
import subprocess
import tempfile
import unittest

from machine import *

PATCHES = "/etc/lpd/patches.d"
STORE = f"/var/lib/lpd/modules/{KERNEL}"
TEXT = b"[Patch]\nDescription=signed\n"


class Keys:
    """Two keys, made once: the machine has the certificate of one of them."""

    @functools.cached_property
    def top(self):
        self._directory = tempfile.TemporaryDirectory()
        top = Path(self._directory.name)
        for name in ("own", "stranger"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                            "-days", "9", "-subj", f"/CN={name}", "-keyout", top / f"{name}.key",
                            "-out", top / f"{name}.pem"], check=True, capture_output=True)
        return top

    def sign(self, data, by="own", *options):
        argv = ["openssl", "cms", "-sign", "-binary", "-noattr", "-outform", "DER", *options,
                "-signer", self.top / f"{by}.pem", "-inkey", self.top / f"{by}.key"]
        return subprocess.run(argv, input=data, capture_output=True, check=True).stdout


keys = Keys()


class Signed(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), {
            "/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\nSignedManifests=yes\n",
            "/etc/lpd/keys.d/own.pem": (keys.top / "own.pem").read_bytes(),
        })

    def manifest(self, data=TEXT, signature=None, file="fix-net.conf"):
        self.plant({f"{PATCHES}/{file}": data})
        self.plant({f"{PATCHES}/{file}.p7s": signature} if signature else {})

    def module(self):
        self.plant({f"{STORE}/fix-net.ko": module("fix_net")})

    def step(self):
        """The step of lpctl why about the signature."""
        steps = {s["question"]: s for s in self.json("why", "fix-net")["steps"]}
        return steps["manifest-signature"]["passed"], steps["manifest-signature"]["fact"]

    def refused(self, verb, *argv):
        """Exit status 5, the message and the hint; nothing is changed."""
        before = tree_of(self.root)
        error = self.json_once(verb, *argv, status=5)["error"]
        self.assertEqual(tree_of(self.root), before)
        return error["message"], error["hint"]


class Looking(Signed):
    def test_signed(self):
        """With and without the certificate in the signature."""
        self.module()
        for options in ([], ["-nocerts"]):
            self.manifest(TEXT, keys.sign(TEXT, "own", *options))
            self.assertEqual(self.step(), (True, "SignedManifests=yes, and it is signed"))
            self.assertEqual(self.json("why", "fix-net")["action"], "load")
        self.text("lint")

    def test_long(self):
        """Lines of 64 KiB, continued lines and repeated keys, in the manifest and in a drop-in of it."""
        self.module()
        cves = [f"CVE-2026-{i:05}" for i in range(4000)]
        line = ("Fixes=" + " ".join(cves)).encode()
        self.assertGreater(len(line), 60000)
        data = (b"[Patch]\n" + line + b"\nFixes=CVE-1 \\\n  CVE-2 \\\n# not a part of it\n  CVE-3\nParameters=x=" +
                b"p" * (65536 - len("Parameters=x=")) + b"\n")
        dropin = b"[Patch]\nFixes=CVE-4\nFixes=CVE-5\\\n CVE-6\nDescription=" + b"d" * 65000 + b"\n"
        self.manifest(data, keys.sign(data))
        self.manifest(dropin, keys.sign(dropin), "fix-net.conf.d/10-more.conf")
        self.assertEqual(self.step(), (True, "SignedManifests=yes, and it is signed"))
        self.text("lint")
        patch, = self.json("show", "fix-net")["patches"]
        self.assertEqual(patch["fixes"], [*cves, *(f"CVE-{i}" for i in range(1, 7))])
        self.assertEqual(len(patch["description"]), 65000)
        # the end of the text, and line continuations
        for where in (-2, data.index(b"CVE-2 "), data.index(b"  CVE-3") + 6):
            changed = bytearray(data)
            changed[where] ^= 1
            self.manifest(bytes(changed), keys.sign(data))
            self.assertNotIn("it is signed", self.step()[1], where)
        long = data[:-1] + b"p\n"
        self.manifest(long, keys.sign(long))
        self.assertIn("the line has 65537 bytes, and the maximum is 65536", self.lpctl("lint", status=78).stdout)

    def test_columns(self):
        self.module()
        self.manifest(TEXT, keys.sign(TEXT))
        lines = self.text("why", "fix-net").splitlines()
        self.assertIn("ok   manifest-signature SignedManifests=yes, and it is signed", lines)
        self.assertIn(f"ok   manifest           {PATCHES}/fix-net.conf", lines)

    def test_unsigned(self):
        self.module()
        self.manifest()
        path = f"{PATCHES}/fix-net.conf"
        message = f"fix-net.conf: not signed: there is no fix-net.conf.p7s beside it (SignedManifests=yes) ({path})"
        self.assertEqual(self.step(), (False, message))
        patch = self.json("status", "fix-net")["patches"][0]
        self.assertEqual((patch["state"], patch["reason"]), ("refused", message))
        problem = self.json("lint", status=78)["problems"][0]
        self.assertEqual((problem["file"], problem["message"]), (path, message))
        self.assertIn(f"openssl cms -sign -binary -noattr -outform DER -in {path} ",
                      problem["hint"])

    def test_verify(self):
        """verify NAME refuses what the load would refuse; a file has no manifest."""
        self.module()
        self.manifest()
        path = f"{PATCHES}/fix-net.conf"
        message = f"fix-net.conf: not signed: there is no fix-net.conf.p7s beside it (SignedManifests=yes) ({path})"
        value = self.json("verify", "fix-net", status=5)
        self.assertEqual((value["error"]["message"], value["accepted"]),
                         (message, {"required": False, "local": False, "permissive": False}))
        self.assertIn("openssl cms -sign", value["error"]["hint"])
        self.assertEqual(value["steps"][0], {"step": "manifest-signature", "outcome": "failed", "fact": message})
        self.manifest(TEXT, keys.sign(TEXT, "stranger"))
        message = self.json("verify", "fix-net", status=5)["error"]["message"]
        self.assertTrue(message.startswith("fix-net.conf: ") and message.endswith(f" ({path})"), message)
        self.manifest(TEXT, keys.sign(TEXT))
        self.assertEqual(self.json("verify", "fix-net")["steps"][0],
                         {"step": "manifest-signature", "outcome": "passed",
                          "fact": "SignedManifests=yes, and it is signed"})
        self.assertIn("ok   manifest-signature SignedManifests=yes", self.text("verify", "fix-net"))
        dropin = "fix-net.conf.d/10-mine.conf"
        self.manifest(b"[Patch]\nProbe=/bin/true\n", None, dropin)
        message = self.json("verify", "fix-net", status=5)["error"]["message"]
        self.assertRegex(message, rf"^10-mine\.conf: not signed.* \({PATCHES}/{dropin}\)$")
        steps = self.json("verify", self.place("fix-net.ko", module("fix_net")))["steps"]
        self.assertNotIn("manifest-signature", [s["step"] for s in steps])

    def test_unsigned_dropin(self):
        self.module()
        self.manifest(TEXT, keys.sign(TEXT))
        text, dropin = b"[Patch]\nProbe=/bin/true\n", "fix-net.conf.d/10-mine.conf"
        self.manifest(text, None, dropin)
        passed, fact = self.step()
        self.assertFalse(passed)
        self.assertRegex(fact, rf"^10-mine\.conf: not signed.* \({PATCHES}/{dropin}\)$")
        self.manifest(text, keys.sign(text), dropin)
        self.assertTrue(self.step()[0])

    def test_garbage(self):
        self.module()
        for signature in (b"no DER", keys.sign(TEXT)[:-1], keys.sign(TEXT)[:100]):
            self.manifest(TEXT, signature)
            passed, fact = self.step()
            self.assertFalse(passed)
            self.assertIn("(bad-signature, SignedManifests=yes)", fact)

    def test_only_the_load_can_tell(self):
        """The kernel of that machine may know the unknown key."""
        self.module()
        self.manifest(TEXT, keys.sign(TEXT, "stranger"))
        self.assertEqual(self.step(), (True, "SignedManifests=yes, to be checked at the load"))
        self.text("lint")

    def test_not_wanted(self):
        """The signature of a patch that is not loaded anyway is not checked."""
        self.module()
        self.manifest(b"[Patch]\nEnabled=no\n")
        value = self.json("why", "fix-net")
        self.assertEqual((value["action"], value["reason"]), ("skip", "Enabled=no"))

    def test_lint_file(self):
        """The signature is looked for beside the file."""
        here = self.place("fix-new.conf", TEXT)
        problem = self.json("lint", here, status=78)["problems"][0]
        self.assertRegex(problem["message"], rf"^fix-new\.conf: not signed.* \({here}\)$")
        self.place("fix-new.conf.p7s", b"no DER")
        self.assertIn("bad-signature", self.json("lint", here, status=78)["problems"][0]["message"])


class Changing(Signed):
    def setUp(self):
        super().setUp()
        self.file = self.place("fix-net.ko", module("fix_net"))

    def test_install(self):
        message, hint = self.refused("install", self.file)
        self.assertIn(f"{PATCHES}/fix-net.conf does not exist", message)
        self.assertIn(f"-out {PATCHES}/fix-net.conf.p7s", hint)
        self.manifest()
        self.assertIn("not signed", self.refused("install", self.file)[0])
        self.manifest(TEXT, keys.sign(TEXT))
        before = tree_of(self.root)
        self.text("install", self.file)
        self.assertEqual(set(tree_of(self.root)) - set(before),
                         {f"var/lib/lpd/modules/{KERNEL}", f"{STORE}/fix-net.ko".lstrip("/")})
        self.assertTrue(self.step()[0])

    def test_allow_list(self):
        """The manifest's signature covers the pin: no other module can be loaded under that
        name."""
        text = f"[Patch]\n[Kernel:{KERNEL}]\nSHA256={sha256(module('fix_net'))}\n".encode()
        self.manifest(text, keys.sign(text))
        other = self.place("other.ko", module("fix_net", build_id="ee" * 20))
        self.assertIn("SHA256", self.refused("install", "--name=fix-net", other)[0])
        self.text("install", self.file)

    def test_switching(self):
        self.manifest(TEXT, keys.sign(TEXT))
        message, hint = self.refused("disable", "fix-net")
        self.assertIn("does not say Enabled=no", message)
        self.assertIn("sign it", hint)
        off = b"[Patch]\nEnabled=no\n"
        self.manifest(off, keys.sign(off))
        self.assertIn("does not say Enabled=yes", self.refused("enable", "fix-net")[0])

    def test_remove(self):
        self.manifest(TEXT, keys.sign(TEXT))
        before = tree_of(self.root)
        self.text("install", self.file)
        self.text("remove", "fix-net")
        self.assertEqual(set(before) - set(tree_of(self.root)),
                         {f"{PATCHES}/fix-net.conf{s}".lstrip("/") for s in ("", ".p7s")})


if __name__ == "__main__":
    unittest.main()
