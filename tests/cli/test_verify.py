#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl verify and keys below another root, where no kernel can be asked, and as an ordinary user."""

import functools
import os
import shutil
import subprocess
import tempfile
import unittest

from machine import *

STORE = f"/var/lib/lpd/modules/{KERNEL}"
MARKER = b"~Module signature appended~\n"
VERDICTS = ("unsigned", "unknown-signer", "local", "bad-signature")


class Keys:
    """Made once: a key whose certificate the machine may have, and a foreign key."""

    @functools.cached_property
    def top(self):
        self._directory = tempfile.TemporaryDirectory()
        top = Path(self._directory.name)
        for name in ("own", "stranger"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9",
                            "-subj", f"/CN={name}", "-keyout", top / f"{name}.key",
                            "-out", top / f"{name}.pem"], check=True, capture_output=True)
        return top

    def sign(self, data, by="own", *options):
        argv = ["openssl", "cms", "-sign", "-binary", "-noattr", "-nocerts", "-outform", "DER", *options,
                "-signer", self.top / f"{by}.pem", "-inkey", self.top / f"{by}.key"]
        return subprocess.run(argv, input=data, capture_output=True, check=True).stdout

    def certificate(self, name="own"):
        return (self.top / f"{name}.pem").read_bytes()


keys = Keys()


def trailer(size, id_type=2, **fields):
    head = bytes((fields.get("algo", 0), fields.get("hash", 0), id_type, fields.get("signer", 0),
                  fields.get("key", 0), 0, 0, 0))
    return head + size.to_bytes(4, "big") + MARKER


def signed(data, by="own", *options):
    signature = keys.sign(data, by, *options)
    return data + signature + trailer(len(signature))


def nested(size):
    """Nested ASN.1 elements, each with the rest as its content."""
    der = b""
    while len(der) < size:
        n = len(der)
        length = bytes((n,)) if n < 128 else bytes((0x84,)) + n.to_bytes(4, "big")
        der = b"\x30" + length + der
        if len(der) > 4096:   # indefinite lengths for the rest, which are quick to make
            return b"\x30\x80" * ((size - len(der)) // 2) + der
    return der


class Verify(Case):
    policy = "required"

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), {"/etc/lpd/lpd.conf": f"[Trust]\nSignature={self.policy}\n"})

    def file(self, data, name="/srv/fix-net.ko"):
        self.plant({name: data})
        return self.place("fix-net.ko", data)

    def verify(self, data, status=5):
        return self.json("verify", self.file(data), status=status)

    def steps(self, value):
        return {s["step"]: s for s in value["steps"]}

    def test_unsigned(self):
        path = self.file(module("fix_net"))
        self.assert_same_everywhere("verify", path, status=5)
        value = self.json("verify", path, status=5)
        self.assertEqual(value["signature"]["verdict"], "unsigned")
        self.assertEqual(value["accepted"], {"required": False, "local": False, "permissive": True})
        self.assertEqual(value["sha256"], sha256(module("fix_net")))
        self.assertEqual(value["policy"], "required")
        self.assertEqual(value["error"]["message"],
                         f"fix-net.ko: it is not signed (unsigned, Signature=required) ({path})")
        text = self.text("verify", path, status=5)
        self.assertIn("=> unsigned\n", text)
        self.assertRegex(text, r"Signature=required +refuses it \(/etc/lpd/lpd.conf:2\)\n")
        self.assertEqual(value["policyOrigin"], {"path": "/etc/lpd/lpd.conf", "line": 2})
        self.plant({"/etc/lpd/lpd.conf.d/10.conf": "[Trust]\n\nSignature=required\n"})
        value = self.json("verify", path, status=5)
        self.assertEqual(value["policyOrigin"], {"path": "/etc/lpd/lpd.conf.d/10.conf", "line": 3})
        self.assertRegex(self.text("verify", path, status=5),
                         r"Signature=required +refuses it \(/etc/lpd/lpd.conf.d/10.conf:3\)\n")
        self.plant({"/etc/lpd/lpd.conf": "", "/etc/lpd/lpd.conf.d/10.conf": ""})
        self.assertIsNone(self.json("verify", path, status=5)["policyOrigin"])
        self.assertRegex(self.text("verify", path, status=5), r"Signature=required +refuses it \(the default\)\n")

    def test_stranger(self):
        value = self.verify(signed(module("fix_net"), "stranger"))
        self.assertEqual(value["signature"]["verdict"], "unknown-signer")
        self.assertIn("CN=stranger", value["signature"]["signer"])
        self.assertEqual(self.steps(value)["kernel-pkcs7"]["fact"], "this is not the running machine")
        self.assertFalse(value["accepted"]["local"])

    def test_own(self):
        """The certificate in /etc counts only with Signature=local; the refusal says so."""
        self.plant({"/etc/lpd/keys.d/own.pem": keys.certificate()})
        value = self.verify(signed(module("fix_net")))
        self.assertEqual(value["signature"]["verdict"], "unknown-signer")
        self.assertEqual(value["accepted"], {"required": False, "local": True, "permissive": True})
        self.assertIn("the kernel could not check its signature", value["error"]["message"])
        self.assertIn("only with Signature=local", self.steps(value)["local"]["fact"])
        self.assertNotIn("keyrings", self.steps(value))
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=local\n"})
        value = self.verify(signed(module("fix_net")), status=0)
        self.assertEqual(value["signature"]["verdict"], "local")
        self.assertNotIn("error", value)

    def test_certificate_elsewhere(self):
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=local\n",
                    "/usr/lib/lpd/keys.d/own.pem": keys.certificate()})
        self.assertFalse(self.verify(signed(module("fix_net")))["accepted"]["local"])
        self.plant({"/etc/lpd/keys.d/own.pem": keys.certificate()})
        (self.root / "etc/lpd/keys.d/own.pem").chmod(0o666)
        self.assertFalse(self.verify(signed(module("fix_net")))["accepted"]["local"])

    def test_flipped(self):
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=local\n",
                    "/etc/lpd/keys.d/own.pem": keys.certificate()})
        data = signed(module("fix_net"))
        for at in (100, len(module("fix_net")) - 1, len(data) - 60):
            flipped = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1:]
            done = self.lpctl("--json=short", "verify", self.file(flipped), status=5)
            self.assertFalse(json.loads(done.stdout).get("accepted", {}).get("local"), at)

    def test_by_name(self):
        self.plant(manifest("fix-net"), {f"{STORE}/fix-net.ko": module("fix_net")})
        value = self.json("verify", "fix-net", status=5)
        self.assertEqual(value["path"], f"{STORE}/fix-net.ko")
        self.json("verify", "nothing", status=3)
        self.text("verify", status=64)
        self.text("verify", "a", "b", status=64)

    def test_pin(self):
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\n"},
                   {"/etc/lpd/patches.d/fix-net.conf": f"[Patch]\n[Kernel:{KERNEL}]\nSHA256={'0' * 64}\n",
                    f"{STORE}/fix-net.ko": module("fix_net")})
        value = self.json("verify", "fix-net", status=5)
        self.assertEqual(self.steps(value)["pin"]["outcome"], "failed")
        self.assertFalse(any(value["accepted"].values()))

    def test_no_live_patch(self):
        value = self.verify(module("fix_net", livepatch=False))
        self.assertEqual(self.steps(value)["form"]["outcome"], "failed")
        self.assertFalse(value["accepted"]["permissive"])
        value = self.verify(module("fix_net", release="5.10.0-1-amd64"), status=6)
        self.assertFalse(value["accepted"]["permissive"])

    def test_hostile(self):
        good = module("fix_net")
        for data in (good + b"rubbish" + trailer(7), good + nested(60000) + trailer(60000),
                     good + nested(1 << 20) + trailer(len(nested(1 << 20))),
                     good + keys.sign(good)[:-1] + trailer(len(keys.sign(good)) - 1),
                     good + keys.sign(good) + b"\0" + trailer(len(keys.sign(good)) + 1)):
            value = self.verify(data)
            self.assertEqual(value["signature"]["verdict"], "bad-signature")
            self.assertFalse(any(value["accepted"].values()))

    def test_trailers_that_lie(self):
        good = module("fix_net")
        for end in (trailer(0), trailer(1 << 31), trailer((1 << 32) - 1), trailer(len(good)),
                    trailer(len(good) + 1), trailer(5, id_type=1), trailer(5, algo=1), trailer(5, key=9),
                    MARKER, MARKER * 3):
            for data in (good + end, end, b"\0" * 64 + end):
                self.lpctl("--json=short", "verify", self.file(data), status=5)

    def test_files_that_are_none(self):
        os.mkfifo(self.scratch / "fifo.ko")
        (self.scratch / "folder.ko").mkdir()
        for name, status in (("fifo.ko", 5), ("folder.ko", 5), ("nothing.ko", 1)):
            value = self.json("verify", self.scratch / name, status=status)
            self.assertIn(name, value["error"]["message"])
        for data in (b"", b"\x7fELF", module("fix_net")[:500]):
            self.verify(data)


class ParserFails(Case):
    """lpd-parser dies: nothing is known of the signature, no policy accepts the file, and the
    reason says what failed."""

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE)
        good = signed(module("fix_net"))
        at = len(module("fix_net")) // 2
        flipped = good[:at] + bytes((good[at] ^ 1,)) + good[at + 1:]
        self.plant({f"{STORE}/fix-net.ko": flipped}, manifest("fix-net"))
        self.path = self.place("fix-net.ko", flipped)

    def parser(self, script):
        """A program in place of lpd-parser; $REAL is the directory of the real one."""
        self.plant({"/libexec/lpd-parser": f"#!/bin/sh\nREAL={os.environ['LPD_LIBEXECDIR']}\n{script}\n"})
        (self.root / "libexec/lpd-parser").chmod(0o755)
        return {"LPD_LIBEXECDIR": str(self.root / "libexec")}

    def verify(self, script, *argv):
        done = self.lpctl("--json=short", "verify", *argv, status=5, env=self.parser(script))
        value = json.loads(done.stdout)
        self.check_schema("verify", value, 5)
        self.assertEqual(value["signature"]["verdict"], "parser-failed")
        self.assertFalse(any(value["accepted"].values()))
        return value

    def test_this_file(self):
        script = '[ "$1" ] || kill -SEGV $$; exec $REAL/lpd-parser "$@"'
        for argv in ((self.path,), ("fix-net",)):
            value = self.verify(script, *argv)
            self.assertIn("lpd-parser was killed by SIGSEGV; its self-test passes, so this file causes the failure",
                          value["error"]["message"])
            self.assertIn("do not load this file", value["error"]["hint"])
            self.assertEqual({s["step"]: s["outcome"] for s in value["steps"]}["self-test"], "passed")

    def test_this_machine(self):
        value = self.verify("kill -SYS $$", self.path)
        self.assertIn("lpd-parser was killed by SIGSYS; its self-test fails too", value["error"]["message"])
        self.assertIn("--self-test", value["error"]["hint"])
        text = self.text("verify", self.path, status=5, env=self.parser("kill -SYS $$"))
        self.assertIn("=> parser-failed\n", text)
        self.assertRegex(text, r"Signature=permissive +refuses it \(/etc/lpd/lpd.conf:2\)\n")

    def test_install(self):
        other = self.place("fix-other.ko", signed(module("fix_other")))
        self.text("install", "--no-load", other, status=5, env=self.parser("kill -SYS $$"))
        self.assertFalse((self.root / f"{STORE.lstrip('/')}/fix-other.ko").exists())

    def test_self_test(self):
        parser = Path(os.environ["LPD_LIBEXECDIR"], "lpd-parser")
        done = subprocess.run([parser, "--self-test"], capture_output=True, check=True)
        self.assertEqual(done.stdout, b"lpd-parser works on this machine\n")
        for argv in (["--selftest"], ["--self-test", "x"]):
            self.assertEqual(subprocess.run([parser, *argv], stdin=subprocess.DEVNULL).returncode, 1)


class KeysOf(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL))

    def test_none(self):
        value = self.json("keys")
        self.assertEqual((value["keys"], value["problems"]), ([], []))
        self.assertEqual(self.text("keys"), "No keys that this user may see.\n")

    def test_files(self):
        self.plant({"/etc/lpd/keys.d/own.pem": keys.certificate(),
                    "/usr/lib/lpd/keys.d/other.pem": keys.certificate("stranger")})
        own, other = self.json("keys")["keys"]
        self.assertEqual((own["name"], own["keyring"], own["origin"], own["algorithm"], own["counts"]),
                         ("own", None, "/etc/lpd/keys.d/own.pem", "RSA 2048", False))
        self.assertEqual((other["name"], other["counts"]), ("stranger", False))
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=local\n"})
        self.assertEqual([k["counts"] for k in self.json("keys")["keys"]], [True, False])
        self.assertIn("RSA 2048", self.text("keys"))

    def test_vouches(self):
        self.plant({"/etc/lpd/keys.d/own.pem": keys.certificate(),
                    "/etc/lpd/lpd.conf": "[Trust]\nSignature=local\n",
                    f"{STORE}/fix-net.ko": signed(module("fix_net"))}, manifest("fix-net"))
        self.assertEqual(self.json("keys")["keys"][0]["patches"], ["fix-net"])

    def test_rubbish(self):
        self.plant({"/etc/lpd/keys.d/a.der": b"rubbish", "/etc/lpd/keys.d/b.pem": b"\0" * (1 << 21),
                    "/etc/lpd/keys.d/c.crt": keys.certificate(), "/etc/lpd/keys.d/d.der": b"",
                    "/etc/lpd/keys.d/e.der": nested(1 << 19), "/etc/lpd/keys.d/f.txt": b"not looked at",
                    "/etc/lpd/keys.d/g.der": None, "/etc/lpd/keys.d/h.der": Link("c.crt"),
                    "/etc/lpd/keys.d/i.pem": keys.certificate("stranger")})
        (self.root / "etc/lpd/keys.d/c.crt").chmod(0o666)
        value = self.json("keys")
        self.assertEqual([k["name"] for k in value["keys"]], ["stranger"])
        found = sorted(p.split(":")[0].rsplit("/", 1)[1] for p in value["problems"])
        self.assertEqual([f for f in found if f != "d.der"], ["a.der", "b.pem", "c.crt", "e.der", "g.der", "h.der"])

    def test_usage(self):
        self.text("keys", "a", status=64)


@unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
class Nobody(Case):
    """What an ordinary user sees, on this machine and with another root."""

    def setUp(self):
        """The programs in a place where an ordinary user may run them: this tree may be in root's
        home."""
        super().setUp()
        self.program = self.scratch / "lpctl"
        self.libexec = self.scratch / "libexec"
        shutil.copy2(LPCTL, self.program)
        self.libexec.mkdir()
        shutil.copy2(Path(os.environ["LPD_LIBEXECDIR"]) / "lpd-parser", self.libexec)

    def as_nobody(self, *argv):
        return self.run_bare(*argv, program=self.program, env={"LPD_LIBEXECDIR": str(self.libexec)},
                             cwd="/", user=65534, group=65534, extra_groups=[])

    def test_this_machine(self):
        path = self.place("fix-net.ko", signed(module("fix_net", release=os.uname().release)))
        for argv in (("verify", path), ("--json=pretty", "verify", path), ("keys",), ("--json=short", "keys")):
            self.assertIn(self.as_nobody(*argv).returncode, (0, 5), argv)
        value = json.loads(self.as_nobody("--json=short", "verify", path).stdout)
        validator("verify").validate(value)
        self.assertEqual(value["signature"]["verdict"], "unknown-signer")

    def test_another_root(self):
        self.plant(kernel(KERNEL), manifest("fix-net"), {f"{STORE}/fix-net.ko": signed(module("fix_net"))})
        for verb in ("verify", "why", "show"):
            done = self.as_nobody(f"--root={self.root}", "--json=short", verb, "fix-net")
            validator(verb).validate(json.loads(done.stdout))


if __name__ == "__main__":
    unittest.main()
