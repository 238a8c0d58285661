#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What lpctl initramfs-files lists for an image, and what it leaves out."""

import hashlib
import json
import unittest

from machine import KERNEL, Case, Link, compressed, kernel, manifest, module

# Modules that the kernel may need to check a signature.
ALGORITHMS = [f"crypto-{name}" for name in (
    "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512", "sm3", "streebog256", "streebog512",
    "ecdsa-nist-p256", "ecdsa-nist-p384", "ecdsa-nist-p521", "ecrdsa")]
OTHER = "6.12.9-cloud-amd64"
STORE = f"/var/lib/lpd/modules/{KERNEL}"
PROGRAMS = ["program /usr/lib/lpd/lpd", "program /usr/lib/lpd/lpd-parser"]
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


class InitramfsFiles(Case):
    def early(self, name, *lines, data=None):
        self.plant(manifest(name, "Stage=initrd", *lines),
                   {f"{STORE}/{name}.ko": data or module(name.replace("-", "_"))})

    def setUp(self):
        super().setUp()
        self.plant(kernel(OTHER), {"/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\n"})

    def listed(self, *argv):
        """The listed files; the drivers are those for the firmware's variables and for
        signatures."""
        value, text = self.assert_same_everywhere("initramfs-files", f"--kernel={KERNEL}", *argv)
        lines = [f"{f['kind']} {f['path']}" for f in value["files"]]
        modules = ["efivarfs", *ALGORITHMS] if lines else []
        self.assertEqual(value["kernelModules"], modules)
        self.assertEqual(text.splitlines(), lines + [f"kernel-module {name}" for name in modules])
        self.assertEqual(value["kernel"], KERNEL)
        return lines

    def warned(self):
        """The same if something is left out: a warning says so, and the exit status stays 0."""
        value = self.json("initramfs-files", f"--kernel={KERNEL}")
        lines = [f"{f['kind']} {f['path']}" for f in value["files"]]
        self.assertGreater(len(value["warnings"]), 0)
        done = self.lpctl("initramfs-files", f"--kernel={KERNEL}", warns=True)
        modules = [f"kernel-module {name}" for name in value["kernelModules"]]
        self.assertEqual(done.stdout.splitlines(), lines + modules)
        self.assertEqual(done.stderr.splitlines(), [f"lpctl: {w}" for w in value["warnings"]])
        return lines, done.stderr

    def test_one(self):
        self.early("fix-a")
        self.assertEqual(self.listed(), [
            *PROGRAMS, "file /etc/lpd/patches.d/fix-a.conf", f"file {STORE}/fix-a.ko",
            "file /etc/lpd/lpd.conf"])

    def test_a_volume(self):
        """The administrator's patches are left to the volume, those of packages are not; lpd is
        included in both cases."""
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\n[Store]\nDevice=LABEL=store\n"})
        modules = ["ext4", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859-1", "nls_utf8", "efivarfs", *ALGORITHMS]
        programs = [*PROGRAMS, "program /usr/lib/lpd/lpd-volume", "file /etc/lpd/lpd.conf"]
        self.early("fix-a")
        value = self.json("initramfs-files", f"--kernel={KERNEL}")
        self.assertEqual((value["kernelModules"], value["patches"]), (modules, []))
        self.assertEqual(self.text("initramfs-files", f"--kernel={KERNEL}").splitlines(),
                         [*programs, *(f"kernel-module {name}" for name in modules)])
        self.plant({"/usr/lib/lpd/patches.d/fix-b.conf": "[Patch]\nStage=initrd\n",
                    f"/usr/lib/lpd/modules/{KERNEL}/fix-b.ko": module("fix_b")})
        self.assertEqual(self.json("initramfs-files", f"--kernel={KERNEL}")["patches"], ["fix-b"])

    def test_the_ledger(self):
        """An image that is made has the records of confirmed builds and the place of the early
        ledger."""
        records = []
        for name, state in ("fix-a", "confirmed"), ("fix-b", "trial"):
            data = module(name.replace("-", "_"))
            records.append(f"/var/lib/lpd/ledger/{KERNEL}/{hashlib.sha256(data).hexdigest()}.json")
            self.early(name, data=data)
            self.plant({records[-1]: json.dumps({"state": state, "name": name, "since": 1, "attempts": []}
                                                | ({"stage": "initrd"} if state == "confirmed" else {}))})
        image = f"/var/lib/lpd/initramfs/{KERNEL}.json"
        wanted = [f"file {records[0]}", f"file {image}"]
        volume = "program /usr/lib/lpd/lpd-ledger"
        self.assertFalse({*wanted, volume} & set(self.text("initramfs-files", f"--kernel={KERNEL}").splitlines()))
        # Whether another machine has a volume is not known.
        made = self.text("initramfs-files", "--record", f"--kernel={KERNEL}").splitlines()
        self.assertEqual([line for line in made if line in wanted], wanted[::-1])
        self.assertNotIn(f"file {records[1]}", made)
        self.assertNotIn(volume, made)
        self.assertEqual(json.loads(self.read(image))["ledger"], "efi")
        for place in "efi", "LABEL=boot", "none":
            self.plant({"/etc/lpd/lpd.conf.d/50.conf": f"[Guard]\nLedger={place}\n"})
            made = self.text("initramfs-files", "--record", f"--kernel={KERNEL}").splitlines()
            self.assertEqual([volume, "kernel-module vfat"] if "=" in place else [],
                             [line for line in made if line in (volume, "kernel-module vfat")])
            self.assertEqual(json.loads(self.read(image))["ledger"] or "none", place)

    def test_the_last_confirmed_build(self):
        """It is beside the installed one, which the initramfs may learn is quarantined, with the records
        of both; a build that is quarantined already is not the image's patch."""
        new, kept = (module("fix_a", build_id=digit * 40) for digit in "12")
        digests = [hashlib.sha256(data).hexdigest() for data in (new, kept)]
        records = [f"/var/lib/lpd/ledger/{KERNEL}/{digest}.json" for digest in digests]
        self.early("fix-a", data=new)
        self.plant({f"{STORE}/fix-a.ko.confirmed": kept, records[1]: json.dumps(
            {"state": "confirmed", "stage": "initrd", "name": "fix-a", "since": 1, "attempts": []})})
        self.carries(digests[0], [f"{STORE}/fix-a.ko", f"{STORE}/fix-a.ko.confirmed", records[1]])
        self.plant({records[0]: json.dumps(
            {"state": "quarantined", "name": "fix-a", "reason": "a BUG", "since": 1, "attempts": []})})
        self.carries(digests[1], [f"{STORE}/fix-a.ko", f"{STORE}/fix-a.ko.confirmed", *records])
        # Nothing to fall back to: the patch is left out, as before.
        self.plant({f"{STORE}/fix-a.ko.confirmed": b"rubbish"})
        value = self.json("initramfs-files", "--record", f"--kernel={KERNEL}")
        self.assertEqual(value["patches"], [])
        self.assertIn("this build is quarantined: a BUG", value["warnings"][0])

    def carries(self, digest, files):
        made = self.text("initramfs-files", "--record", f"--kernel={KERNEL}").splitlines()
        self.assertEqual(sorted(line for line in made if "fix-a.ko" in line or "/ledger/" in line),
                         sorted(f"file {path}" for path in files))
        record = json.loads(self.read(f"/var/lib/lpd/initramfs/{KERNEL}.json"))
        self.assertEqual([patch["sha256"] for patch in record["patches"]], [digest])

    def test_nothing_without_the_stage(self):
        self.assertEqual(self.listed(), [])
        self.plant(manifest("fix-a"), {f"{STORE}/fix-a.ko": module("fix_a"),
                                       "/etc/lpd/keys.d/a.pem": CERTIFICATE})
        self.early("fix-b", "Enabled=no")
        self.assertEqual(self.listed(), [])

    def test_only_for_that_kernel(self):
        self.early("fix-a")
        self.plant(manifest("fix-b", "Stage=initrd", f"[Kernel:{OTHER}]"),
                   {f"{STORE}/fix-b.ko": module("fix_b"),
                    f"/var/lib/lpd/modules/{OTHER}/fix-b.ko": module("fix_b", OTHER)})
        self.assertNotIn("fix-b", "".join(self.listed()))
        running = self.text("initramfs-files").splitlines()
        self.assertEqual(running[2:4], ["file /etc/lpd/patches.d/fix-b.conf",
                                        f"file /var/lib/lpd/modules/{OTHER}/fix-b.ko"])
        self.assertEqual(self.text("initramfs-files", "--kernel=5.10.0"), "")

    def test_all_that_belongs_to_it(self):
        self.early("fix-a", "Rollout=50%")
        self.plant({
            "/etc/lpd/patches.d/fix-a.conf.p7s": b"x",
            "/etc/lpd/patches.d/fix-a.conf.d/10-local.conf": "[Patch]\nTimeoutSec=5\n",
            "/etc/lpd/patches.d/fix-a.conf.d/10-local.conf.p7s": b"x",
            "/usr/lib/lpd/lpd.conf": "[Trust]\n",
            "/usr/lib/lpd/lpd.conf.d/10-a.conf": "[Guard]\nMaxAttempts=3\n",
            "/usr/lib/lpd/lpd.conf.d/20-b.conf": "[Guard]\nMaxAttempts=4\n",
            "/etc/lpd/lpd.conf.d/20-b.conf": Link("/dev/null"),
            "/etc/lpd/keys.d/a.pem": CERTIFICATE,
            "/usr/lib/lpd/keys.d/b.pem": CERTIFICATE,
            "/etc/lpd/disable": "",
        })
        self.assertEqual(self.listed(), [
            *PROGRAMS,
            "file /etc/lpd/patches.d/fix-a.conf", "file /etc/lpd/patches.d/fix-a.conf.p7s",
            "file /etc/lpd/patches.d/fix-a.conf.d/10-local.conf",
            "file /etc/lpd/patches.d/fix-a.conf.d/10-local.conf.p7s",
            f"file {STORE}/fix-a.ko",
            "file /etc/lpd/lpd.conf", "file /usr/lib/lpd/lpd.conf.d/10-a.conf",
            "file /etc/lpd/keys.d/a.pem", "file /usr/lib/lpd/keys.d/b.pem",
            "file /etc/lpd/disable"])

    def test_compressed_by_a_package(self):
        place = f"/usr/lib/modules/{KERNEL}/livepatch/fix_a.ko.xz"
        self.plant(manifest("fix-a", "Stage=initrd"), {place: compressed(module("fix_a"), "xz")})
        self.assertIn(f"file {place}", self.listed())

    def test_broken_ones_are_left_out(self):
        self.early("fix-a")
        self.early("fix-cut", data=module("fix_cut")[:300])
        self.early("fix-plain", data=module("fix_plain", livepatch=False))
        self.early("fix-other", data=module("fix_other", OTHER))
        self.early("fix-open")
        (self.root / f"{STORE[1:]}/fix-open.ko").chmod(0o666)
        self.plant(manifest("fix-bad", "Stage=never"),
                   manifest("fix-none", "Stage=initrd", f"[Kernel:{KERNEL}]"))
        lines, said = self.warned()
        self.assertEqual(lines[2:4], ["file /etc/lpd/patches.d/fix-a.conf", f"file {STORE}/fix-a.ko"])
        self.assertEqual(len(lines), 5)
        self.assertEqual(len(said.splitlines()), 6)
        for name in ("fix-cut", "fix-plain", "fix-other", "fix-open", "fix-bad", "fix-none"):
            self.assertIn(f"lpctl: {name}: left out: ", said)

    def test_a_broken_policy_goes_in(self):
        """A policy with an error is included, and makes the initramfs trust nothing unsigned."""
        self.early("fix-a")
        self.plant({"/etc/lpd/lpd.conf.d/10-a.conf": "[Trust]\nSignature=maybe\n"})
        lines, said = self.warned()
        self.assertEqual(lines, [])
        self.assertIn("fix-a: left out: ", said)
        self.assertIn("Signature=", said)
        self.plant({f"{STORE}/fix-a.ko": module("fix_a") + b"whose" + bytes((0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 5))
                    + b"~Module signature appended~\n"})
        self.plant({"/etc/lpd/lpd.conf.d/10-a.conf": "[Trust]\nSignature=maybe\n"})
        lines, said = self.warned()
        self.assertIn("file /etc/lpd/lpd.conf.d/10-a.conf", lines)
        self.assertIn("Signature=", said)

    def test_usage(self):
        self.text("initramfs-files", "--kernel=../6.1", status=64)
        self.text("initramfs-files", "x", status=64)
        (self.root / "proc/sys/kernel/osrelease").unlink()
        self.text("initramfs-files", status=64)


if __name__ == "__main__":
    unittest.main()
