#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What lpctl status says about coming boots: an outdated initramfs, a kernel without modules."""

import json
import os
import time
import unittest

from machine import KERNEL, PERMISSIVE, Case, kernel, manifest, module, result, sha256

NEXT = "6.1.0-57-cloud-amd64"
STORE = f"/var/lib/lpd/modules/{KERNEL}"
TOOL = {"/usr/sbin/update-initramfs": "", "/usr/share/initramfs-tools/hooks/lpd": ""}
COMMAND = f"update-initramfs -u -k {KERNEL}"


class Image(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, TOOL)

    def wants(self, name, *lines):
        self.plant(manifest(name, "Stage=initrd", *lines),
                   {f"{STORE}/{name}.ko": module(name.replace("-", "_"))})

    def carried(self, *names, release=KERNEL, **builds):
        """The record of an image with the current module, or with another one."""
        patches = [{"name": name, "sha256": builds.get(name, sha256(module(name.replace("-", "_")))),
                    "buildId": None} for name in [*names, *builds]]
        self.plant({"/run/lpd/initramfs": json.dumps({"kernel": release, "patches": patches})})

    def found(self):
        value, text = self.assert_same_everywhere("status")
        image = value["initramfs"]
        lines = [line for line in text.splitlines() if line.startswith("Warning")]
        self.assertEqual(lines, [f"Warning   {image['message']}"] if image["message"] else [])
        return image

    def says(self, message):
        image = self.found()
        self.assertEqual(image["message"], message)
        return image

    def test_up_to_date(self):
        self.wants("fix-a")
        self.carried("fix-a")
        self.assertEqual(self.found(), {"carried": True, "patches": [], "rebuilt": False,
                                        "command": None, "message": None})

    def test_older(self):
        self.wants("fix-a")
        self.carried(**{"fix-a": "5" * 64})
        image = self.says(f"the initramfs for {KERNEL} contains an outdated fix-a; run {COMMAND}")
        self.assertEqual(image["patches"], [{"name": "fix-a", "problem": "older"}])
        self.assertEqual(image["command"], COMMAND)

    def test_each_way(self):
        for name in ("fix-a", "fix-b", "fix-c"):
            self.wants(name)
        self.wants("fix-off", "Enabled=no")
        self.plant(manifest("fix-late"))
        self.carried("fix-gone", "fix-off", "fix_late", **{"fix_a": "5" * 64, "fix-b": None})
        self.says(f"the initramfs for {KERNEL} contains an outdated fix-a, fix-b and lacks fix-c and still "
                  f"contains fix-gone, fix-off, fix_late; run {COMMAND}")

    def test_without_lpd(self):
        self.wants("fix-a")
        self.assertFalse(self.says(f"the initramfs for {KERNEL} lacks fix-a; run {COMMAND}")["carried"])
        self.carried("fix-a", release="5.10.0")
        self.assertFalse(self.says(f"the initramfs for {KERNEL} lacks fix-a; run {COMMAND}")["carried"])

    def test_rubbish(self):
        self.wants("fix-a")
        for text in ("", "{", "[]", '{"kernel": 1}', '{"kernel": "x", "patches": [1]}', "x" * (2 << 20),
                     f'{{"kernel": "{KERNEL}", "patches": [{{"name": "../x"}}]}}'):
            self.plant({"/run/lpd/initramfs": text})
            self.says(f"the initramfs for {KERNEL} lacks fix-a; run {COMMAND}")

    def test_nothing_to_say(self):
        """Faults that another image would not correct, or that are unknown."""
        self.assertFalse(self.says(None)["carried"])
        self.plant(manifest("fix-a"), {f"{STORE}/fix-a.ko": module("fix_a")})
        self.wants("fix-cut")
        self.plant({f"{STORE}/fix-cut.ko": b"x"}, manifest("fix-odd", "Stage=never"),
                   manifest("fix-else", "Stage=initrd", "[Kernel:5.10.0]"))
        self.carried("fix-cut", "fix-odd")
        self.says(None)

    def test_switched_off(self):
        self.wants("fix-a")
        for word in ("rd.lpd=0", "lpd=0"):
            self.plant(kernel(KERNEL, cmdline=f"ro {word}\n"))
            self.says(None)
        self.carried("fix-b")
        self.assertIsNotNone(self.found()["message"])

    def test_before_var_is_there(self):
        self.carried("fix-a")
        (self.root / "var/lib/lpd").rename(self.root / "var/lib/later")
        self.says(None)

    def test_volume(self):
        self.wants("fix-a")
        self.plant({"/etc/lpd/lpd.conf.d/10-a.conf": "[Store]\nDevice=LABEL=patches\n"})
        self.says(None)
        # Patches of packages are not on the volume, nor are those whose manifest names a path.
        self.plant({"/usr/lib/lpd/patches.d/fix-b.conf": "[Patch]\nStage=initrd\n",
                    f"{STORE}/fix-b.ko": module("fix_b"), "/opt/fix-c.ko": module("fix_c")},
                   manifest("fix-c", "Stage=initrd", f"[Kernel:{KERNEL}]", "Module=/opt/fix-c.ko"))
        self.says(f"the initramfs for {KERNEL} lacks fix-b, fix-c; run {COMMAND}")
        self.carried("fix-c", **{"fix-b": "5" * 64})
        self.says(f"the initramfs for {KERNEL} contains an outdated fix-b; run {COMMAND}")
        # The image is older than the volume and still contains fix-a, which is what gets loaded.
        self.carried("fix-a", "fix-b", "fix-c")
        self.says(f"the initramfs for {KERNEL} still contains fix-a; run {COMMAND}")

    def build(self, image=f"boot/initrd.img-{KERNEL}", ends=True):
        """What update-initramfs does."""
        self.lpctl("initramfs-files", "--record", f"--kernel={KERNEL}")
        if ends:
            self.plant({f"/{image}": ""})

    def test_made_again(self):
        self.wants("fix-a")
        self.carried(**{"fix-a": "5" * 64})
        outdated = f"the initramfs for {KERNEL} contains an outdated fix-a; run {COMMAND}"
        rebuilt = f"the initramfs for {KERNEL} contains an outdated fix-a; it has been rebuilt since: reboot"
        self.says(outdated)
        self.build()
        self.assertTrue(self.says(rebuilt)["rebuilt"])
        self.plant({f"{STORE}/fix-a.ko": module("fix_a", build_id="ab" * 20)})
        self.assertFalse(self.says(outdated)["rebuilt"])
        self.build()
        self.says(rebuilt)
        self.plant(manifest("fix-a", "Stage=initrd", "Enabled=no"))
        self.says(f"the initramfs for {KERNEL} still contains fix-a; run {COMMAND}")
        self.build()
        self.says(f"the initramfs for {KERNEL} still contains fix-a; it has been rebuilt since: reboot")

    def test_build_that_fails(self):
        self.wants("fix-a")
        self.plant({f"/boot/initrd.img-{KERNEL}": ""})
        before = time.time() - 60
        os.utime(self.root / f"boot/initrd.img-{KERNEL}", (before, before))
        self.build(ends=False)
        self.assertFalse(self.says(f"the initramfs for {KERNEL} lacks fix-a; run {COMMAND}")["rebuilt"])

    def test_unrelated_removal(self):
        """Removing a file that was not in the image does not make the image outdated."""
        self.wants("fix-a")
        self.plant(manifest("other"))
        self.carried("fix-gone", **{"fix-a": "5" * 64})
        self.build()
        self.assertTrue(self.found()["rebuilt"])
        later = time.time() + 60
        (self.root / "etc/lpd/patches.d/other.conf").unlink()
        os.utime(self.root / "etc/lpd/patches.d", (later, later))
        self.assertTrue(self.found()["rebuilt"])
        (self.root / "etc/lpd/patches.d/fix-a.conf").unlink()
        self.assertFalse(self.found()["rebuilt"])

    def test_no_room_for_the_record(self):
        """It is for status: the image is built all the same."""
        self.wants("fix-a")
        self.plant({"/var/lib/lpd/initramfs": "in the way"})
        done = self.lpctl("initramfs-files", "--record", f"--kernel={KERNEL}", warns=True)
        self.assertIn(f"file {STORE}/fix-a.ko\n", done.stdout)
        self.assertRegex(done.stderr, r"^lpctl: what the image contains cannot be recorded: .*\(/var/lib/lpd/initramfs/")

    def test_silenced(self):
        """A silenced warning is not shown as text, but its facts are in JSON."""
        self.wants("fix-a")
        self.carried(**{"fix-a": "5" * 64})
        self.assertIn("Warning", self.text("status"))
        self.plant({"/etc/lpd/lpd.conf.d/w.conf": "[Warnings]\nSilence=late\nSilence=initramfs\n"})
        value, text = self.assert_same_everywhere("status")
        self.assertNotIn("Warning", text)
        self.assertEqual(value["policy"]["silenced"], ["initramfs", "late"])
        self.assertIn("fix-a", value["initramfs"]["message"])
        self.plant({"/etc/lpd/lpd.conf.d/w.conf": "[Warnings]\nSilence=initramf\n"})
        self.assertIn("(did you mean 'initramfs'?)", self.json("lint", status=78)["problems"][0]["message"])

    def test_made_again_elsewhere(self):
        self.wants("fix-a")
        for path in (f"boot/initramfs-{KERNEL}.img", f"boot/initrd-{KERNEL}",
                     f"efi/0123456789abcdef0123456789abcdef/{KERNEL}/initrd"):
            self.build(path)
            self.assertTrue(self.found()["rebuilt"], path)
            (self.root / path).unlink()
        self.assertFalse(self.found()["rebuilt"])

    def test_commands(self):
        hook = "/usr/lib/dracut/modules.d/50lpd/module-setup.sh"
        self.wants("fix-a")
        for path in TOOL:
            (self.root / path[1:]).unlink()
        self.says(f"the initramfs for {KERNEL} lacks fix-a; run the tool that builds it")
        self.plant({"/usr/bin/mkinitcpio": ""})
        self.says(f"the initramfs for {KERNEL} lacks fix-a; lpd's hook for mkinitcpio is not installed")
        self.plant({"/usr/lib/initcpio/install/lpd": ""})
        self.assertEqual(self.found()["command"], "mkinitcpio -P")
        self.plant({"/usr/bin/dracut": ""})
        self.says(f"the initramfs for {KERNEL} lacks fix-a; lpd's hook for dracut is not installed")
        self.plant({hook: ""})
        self.assertEqual(self.found()["command"], f"dracut --force --kver {KERNEL}")
        self.plant({"/usr/bin/kernel-install": "", "/usr/lib/kernel/install.conf": "layout=bls\n"})
        self.assertEqual(self.found()["command"], f"dracut --force --kver {KERNEL}")
        self.plant({"/etc/kernel/install.conf": "# ours\nlayout=uki\n"})
        self.says(f"the initramfs for {KERNEL} lacks fix-a; run kernel-install add {KERNEL} "
                  f"/usr/lib/modules/{KERNEL}/vmlinuz")
        self.plant({"/etc/kernel/install.conf": "layout=bls\n", **TOOL})
        self.assertEqual(self.found()["command"], COMMAND)
        # Debian's dracut also has an update-initramfs.
        (self.root / "usr/share/initramfs-tools/hooks/lpd").unlink()
        self.says(f"the initramfs for {KERNEL} lacks fix-a; run {COMMAND}")


class Late(Case):
    """Patches that the initramfs did not load, although the host did."""

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, {
            "/run/lpd/early": '{"bytes": 70000, "patches": 64, "usec": 21000000, "stopped": true}'})

    def late(self, name, **fields):
        self.plant(manifest(name, "Stage=initrd"), result(name, **fields))

    def test_each(self):
        self.late("fix-a", earlyReason="the kernel has no sha512")
        self.late("fix-b", stage="initrd")
        self.late("fix-c", stage="initrd", state="skipped", reason="no time left")
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(value["early"], {"bytes": 70000, "patches": 64, "usec": 21000000, "stopped": True})
        self.assertEqual([(p["loadedStage"], p["earlyReason"]) for p in value["patches"]],
                         [("system", "the kernel has no sha512"), ("initrd", None), (None, "no time left")])
        self.assertEqual([line for line in text.splitlines() if line.startswith("Warning   the initramfs ")][:3], [
            "Warning   the initramfs ran out of time and left the remaining patches to the host",
            "Warning   the initramfs did not load fix-a: the kernel has no sha512",
            "Warning   the initramfs did not load fix-c: no time left"])

    def test_after_the_boot(self):
        """HoldSec=: the boot continued before these patches were loaded."""
        self.late("fix-a", lateReason="the boot went on without it")
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(value["patches"][0]["lateReason"], "the boot went on without it")
        self.assertIn("Warning   1 patch was loaded late, after the boot had gone on (HoldSec=)", text)
        value, text = self.assert_same_everywhere("why", "fix-a")
        self.assertEqual(value["patch"]["lateReason"], "the boot went on without it")
        self.assertIn("late: the boot went on without it\n", text)

    def test_many(self):
        for i in range(8):
            self.late(f"fix-{i}", earlyReason="no time left")
        text = self.text("status")
        self.assertIn("did not load fix-4: no time left\nWarning   the initramfs did not load 3 more patches", text)
        self.assertNotIn("did not load fix-5:", text)


class Crash(Case):
    """Whether the machine comes back by itself after a panic."""

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, manifest("fix-a", "Enabled=no"))

    def crash(self, warns=False):
        value, text = self.assert_same_everywhere("status")
        crash = value["crash"]
        self.assertEqual([line for line in text.splitlines() if line.startswith("Warning")],
                         [f"Warning   {crash['message']}"] if warns else [])
        return crash["rebootsAfterPanic"], crash["watchdog"], crash["message"]

    def panic(self, seconds):
        self.plant({"/proc/sys/kernel/panic": f"{seconds}\n"})

    def watchdog(self, name, state):
        self.plant({f"/sys/class/watchdog/{name}": None} |
                   ({f"/sys/class/watchdog/{name}/state": f"{state}\n"} if state else {}))

    def test_hangs(self):
        self.panic(0)
        reboots, watchdog, message = self.crash(warns=True)
        self.assertEqual((reboots, watchdog), (False, False))
        self.assertIn("set kernel.panic=10, see sysctl.d(5), or RuntimeWatchdogSec=", message)
        self.watchdog("watchdog0", "inactive")
        self.assertEqual(self.crash(warns=True)[1], False)

    def test_silenced(self):
        self.panic(0)
        self.plant({"/etc/lpd/lpd.conf.d/w.conf": "[Warnings]\nSilence=panic\n"})
        self.assertIsNotNone(self.crash()[2])

    def test_no_patches(self):
        self.panic(0)
        (self.root / "etc/lpd/patches.d/fix-a.conf").unlink()
        self.assertEqual(self.crash(), (False, False, None))

    def test_comes_back(self):
        for seconds in (10, -1):
            self.panic(seconds)
            self.assertEqual(self.crash(), (True, False, None))
        self.panic(0)
        self.watchdog("watchdog0", "inactive")
        self.watchdog("watchdog1", "active")
        self.assertEqual(self.crash(), (False, True, None))

    def test_unknown(self):
        self.assertEqual(self.crash(), (None, False, None))
        self.panic(0)
        self.watchdog("watchdog0", None)
        self.assertEqual(self.crash(), (False, None, None))


class NextBoot(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, {f"/boot/vmlinuz-{KERNEL}": "",
                                                f"/usr/lib/modules/{KERNEL}": None})

    def next_kernel(self, release=NEXT):
        self.plant({f"/boot/vmlinuz-{release}": "", f"/usr/lib/modules/{release}": None})

    def says(self, kernel, missing):
        value, text = self.assert_same_everywhere("status")
        message = f"{kernel} boots next and has no module for {', '.join(missing)}" if missing else None
        self.assertEqual(value["nextBoot"], {"kernel": kernel, "missing": missing, "message": message})
        self.assertEqual("Warning" in text, bool(missing))
        if missing:
            self.assertIn(f"Warning   {message}\n", text)

    def test_the_kernel_that_runs(self):
        self.plant(manifest("fix-a"))
        self.says(KERNEL, [])

    def test_missing(self):
        self.plant(manifest("fix-a"), manifest("fix-b", f"[Kernel:{KERNEL}]"), manifest("fix-c"),
                   manifest("fix-off", "Enabled=no"), manifest("fix-odd", "Stage=never"),
                   {f"/usr/lib/modules/{NEXT}/livepatch/fix_c.ko": module("fix_c", NEXT),
                    f"/usr/lib/modules/{NEXT}/livepatch/fix-b.ko": "x"})
        self.says(KERNEL, [])
        self.next_kernel()
        self.says(NEXT, ["fix-a", "fix-b"])

    def test_version_order(self):
        self.plant(manifest("fix-a"))
        for release in ("6.1.0-9-cloud-amd64", "5.10.0-30-amd64"):
            self.next_kernel(release)
        self.says(KERNEL, [])
        self.next_kernel("6.12.9-cloud-amd64")
        self.next_kernel("6.2.0-1-amd64")
        self.says("6.12.9-cloud-amd64", ["fix-a"])

    def test_only_what_can_boot(self):
        self.plant(manifest("fix-a"), {f"/usr/lib/modules/{NEXT}/modules.dep": ""})
        self.says(KERNEL, [])
        self.plant({f"/usr/lib/modules/{NEXT}/vmlinuz": ""})
        self.says(NEXT, ["fix-a"])

    def test_chosen_in_the_boot_loader(self):
        """The choice is recorded as by grub-set-default(8)."""
        self.plant(manifest("fix-a"), {
            "/boot/grub/grub.cfg": 'set default="${saved_entry}"\n'
            + "".join(f"menuentry 'Linux {r}' --id {r} {{\n  linux /vmlinuz-{r}\n}}\n" for r in (NEXT, KERNEL)),
            "/boot/grub/grubenv": f"# GRUB Environment Block\nsaved_entry={KERNEL}\n###"})
        self.next_kernel()
        self.says(KERNEL, [])
        self.plant({"/boot/grub/grubenv": "# GRUB Environment Block\n###"})
        self.says(NEXT, ["fix-a"])

    def test_no_kernel(self):
        (self.root / f"boot/vmlinuz-{KERNEL}").unlink()
        self.says(None, [])


if __name__ == "__main__":
    unittest.main()
