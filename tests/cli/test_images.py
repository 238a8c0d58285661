#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes that make an initramfs outdated: which image, what lpctl says, and what is removed with a
kernel."""

import unittest

from machine import KERNEL, PERMISSIVE, Case, kernel, manifest, module

OTHER = "6.12.9-cloud-amd64"
STORE, MANIFESTS = "var/lib/lpd/modules", "etc/lpd/patches.d"
TOOL = {"/usr/sbin/update-initramfs": "", "/usr/share/initramfs-tools/hooks/lpd": ""}


class Machine(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, TOOL)
        for release in (KERNEL, OTHER):
            self.plant({f"/boot/vmlinuz-{release}": "", f"/usr/lib/modules/{release}": None})
        self.file = {release: self.place(f"{release}/fix-a.ko", module("fix_a", release))
                     for release in (KERNEL, OTHER)}

    def place(self, name, data):
        (self.scratch / name).parent.mkdir(exist_ok=True)
        return super().place(name, data)


class Images(Machine):
    def out_of_date(self, verb, *argv):
        """The releases whose image is outdated."""
        value = self.json_once(verb, *argv)
        for image in value.get("initramfs", []):
            command = f"update-initramfs -u -k {image['kernel']}"
            self.assertEqual(image, {"kernel": image["kernel"], "command": command, "done": False,
                                     "message": f"rebuild it in that root: {command}"})
        return [image["kernel"] for image in value.get("initramfs", [])]

    def test_only_kernels_concerned(self):
        early = ["install", "--stage=initrd"]
        self.assertEqual(self.out_of_date(*early, f"--kernel={OTHER}", self.file[OTHER]), [OTHER])
        self.assertEqual(self.out_of_date(*early, f"--kernel={OTHER}", self.file[OTHER]), [])
        self.assertEqual(self.out_of_date("install", self.file[KERNEL]), [KERNEL])
        self.assertEqual(self.out_of_date("disable", "fix-a"), [KERNEL, OTHER])
        self.assertEqual(self.out_of_date("disable", "fix-a"), [])
        self.assertEqual(self.out_of_date("enable", "fix-a"), [KERNEL, OTHER])
        build = self.place("new/fix-a.ko", module("fix_a", build_id="ab" * 20))
        self.assertEqual(self.out_of_date("install", build), [KERNEL])
        self.assertEqual(self.out_of_date("install", "--stage=system", build), [KERNEL, OTHER])
        self.assertEqual(self.out_of_date("install", "--stage=initrd", build), [KERNEL, OTHER])
        (self.root / f"boot/vmlinuz-{OTHER}").unlink()
        self.assertEqual(self.out_of_date("remove", "fix-a"), [KERNEL])

    def test_no_early_patch(self):
        self.assertEqual(self.out_of_date("install", self.file[KERNEL]), [])
        self.assertEqual(self.out_of_date("disable", "fix-a"), [])
        self.assertEqual(self.out_of_date("remove", "fix-a"), [])

    def test_volume(self):
        self.plant({"/etc/lpd/lpd.conf.d/10-a.conf": "[Store]\nDevice=LABEL=patches\n"})
        self.assertEqual(self.out_of_date("install", "--stage=initrd", self.file[KERNEL]), [])
        self.assertEqual(self.out_of_date("disable", "fix-a"), [])

    def test_volume_and_package(self):
        """The image contains a package's patch even with a volume, until the administrator
        overrides its manifest."""
        self.plant({"/etc/lpd/lpd.conf.d/10-a.conf": "[Store]\nDevice=LABEL=patches\n",
                    "/usr/lib/lpd/patches.d/fix-b.conf": "[Patch]\nStage=initrd\n",
                    f"/usr/lib/lpd/modules/{OTHER}/fix-b.ko": module("fix_b", OTHER)})
        self.assertEqual(self.out_of_date("disable", "fix-b"), [OTHER])
        self.assertEqual(self.out_of_date("enable", "fix-b"), [OTHER])
        self.assertEqual(self.out_of_date("install", "--stage=initrd", self.file[KERNEL]), [])
        self.plant(manifest("fix-b", "Stage=initrd"))
        self.assertEqual(self.out_of_date("disable", "fix-b"), [])

    def test_text(self):
        said = self.text("install", "--stage=initrd", self.file[KERNEL]).splitlines()
        self.assertEqual(said[1:], [f"initramfs for {KERNEL}: rebuild it in that root: "
                                    f"update-initramfs -u -k {KERNEL}"])
        self.assertEqual(self.text("-q", "disable", "fix-a"), "")

    def test_no_tool(self):
        (self.root / "usr/share/initramfs-tools/hooks/lpd").unlink()
        self.assertIn(f"initramfs for {KERNEL}: not rebuilt: lpd's hook for initramfs-tools is not installed",
                      self.text("install", "--stage=initrd", self.file[KERNEL]))
        (self.root / "usr/sbin/update-initramfs").unlink()
        value = self.json_once("disable", "fix-a")
        self.assertEqual(value["initramfs"], [{"kernel": KERNEL, "command": None, "done": False,
                                               "message": "rebuild it with the tool that builds it"}])


class Kernels(Machine):
    """lpctl remove --kernel=, and what is reported about a new kernel."""

    def setUp(self):
        super().setUp()
        for release in (KERNEL, OTHER):
            self.text("install", f"--kernel={release}", self.file[release])
        self.text("install", "--name=fix-b", f"--kernel={OTHER}",
                  self.place("b/fix-b.ko", module("fix_b", OTHER)))

    def there(self):
        return {path: sorted(p.name for p in (self.root / path).glob("**/*") if p.is_file())
                for path in (f"{STORE}/{KERNEL}", f"{STORE}/{OTHER}", MANIFESTS)}

    ALL = {f"{STORE}/{KERNEL}": ["fix-a.ko"], f"{STORE}/{OTHER}": ["fix-a.ko", "fix-b.ko"],
           MANIFESTS: [f"20-kernel-{KERNEL}.conf", f"20-kernel-{OTHER}.conf",
                       f"20-kernel-{OTHER}.conf", "fix-a.conf", "fix-b.conf"]}

    def test_all(self):
        self.assertEqual(self.there(), self.ALL)
        value = self.json_once("remove", f"--kernel={OTHER}")
        self.assertEqual([p["name"] for p in value["patches"]], ["fix-a", "fix-b"])
        self.assertEqual(self.there(), {
            f"{STORE}/{KERNEL}": ["fix-a.ko"], f"{STORE}/{OTHER}": [],
            MANIFESTS: [f"20-kernel-{KERNEL}.conf", "fix-a.conf", "fix-b.conf"]})
        self.assertFalse((self.root / STORE / OTHER).exists())
        left = [p.name for p in (self.root / MANIFESTS).iterdir() if p.is_dir()]
        self.assertEqual(left, ["fix-a.conf.d"])
        self.assertFalse(self.json_once("remove", f"--kernel={OTHER}")["changed"])

    def test_one(self):
        self.assertTrue(self.json_once("remove", f"--kernel={OTHER}", "fix_a")["changed"])
        self.assertFalse(self.json_once("remove", f"--kernel={OTHER}", "fix_a")["changed"])
        left = self.there()
        self.assertEqual((left[f"{STORE}/{OTHER}"], left[f"{STORE}/{KERNEL}"]), (["fix-b.ko"], ["fix-a.ko"]))
        self.assertIn(f"20-kernel-{OTHER}.conf", left[MANIFESTS])

    def test_others_stay(self):
        """Files of others, a module without a manifest, and a signed pin stay."""
        self.plant({f"/{STORE}/{OTHER}/notes.txt": "x", f"/{STORE}/{OTHER}/lost.ko": "x",
                    f"/{MANIFESTS}/fix-b.conf.d/20-kernel-{OTHER}.conf.p7s": "x",
                    f"/{MANIFESTS}/fix-b.conf.d/90-mine.conf": "[Patch]\n",
                    f"/usr/lib/lpd/modules/{OTHER}/fix-a.ko": "x"})
        self.text("remove", f"--kernel={OTHER}")
        self.assertEqual(self.there()[f"{STORE}/{OTHER}"], ["notes.txt"])
        self.assertEqual(self.there()[MANIFESTS], [f"20-kernel-{KERNEL}.conf", "90-mine.conf",
                                                   "fix-a.conf", "fix-b.conf"])
        self.assertTrue((self.root / f"usr/lib/lpd/modules/{OTHER}/fix-a.ko").exists())

    def test_the_kernel_that_runs(self):
        self.assertIn("is the running kernel", self.lpctl("remove", f"--kernel={KERNEL}", status=1).stderr)
        self.assertEqual(self.there(), self.ALL)

    def test_usage(self):
        self.text("remove", "--kernel=../x", status=64)
        self.text("remove", f"--kernel={OTHER}", "../x", status=64)
        self.text("lint", "--kernel=../x", status=64)
        self.assertEqual(self.there(), self.ALL)

    def test_lint(self):
        self.text("lint")
        self.text("lint", f"--kernel={OTHER}")
        said = self.lpctl("lint", f"--kernel={KERNEL}", status=78).stdout
        self.assertEqual(said, f"fix-b: there is no module for {KERNEL}, which boots without it\n")


if __name__ == "__main__":
    unittest.main()
