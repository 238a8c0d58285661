# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl lock --dry-run: what would break, on a tree with modules indexed by depmod."""

import random
import shutil
import unittest

import machine
from machine import KERNEL

VFAT = {"/etc/fstab": "LABEL=ESP /boot/efi vfat noauto 0 0\n", "/proc/filesystems": "\text4\n"}


class Forecast(machine.ModulesCase):
    def forecast(self, *parts):
        self.plant(machine.kernel(KERNEL), *parts)
        value, text = self.assert_same_everywhere("lock", "--dry-run")
        self.assertFalse(value["changed"])
        return value["forecast"], text

    def names(self, forecast):
        return [o["module"] for o in forecast["modules"]]

    def test_nothing(self):
        found, text = self.forecast()
        self.assertEqual((found["kernel"], found["outcome"], found["reason"], found["modules"]),
                         (KERNEL, "lock", None, []))
        self.assertEqual(found["proposal"], {"modules": [], "text": None})
        self.assertEqual(text.splitlines()[:2], [
            "Modules would be locked now.",
            f"No modules are known that kernel {KERNEL} would need after the lock."])
        self.assertNotIn("[Lock]", text)

    def test_wanted(self):
        found, text = self.forecast(VFAT)
        self.assertEqual(found["modules"][0], {
            "module": "vfat", "source": "filesystem", "loaded": False,
            "reason": "/etc/fstab:1: vfat may be mounted"})
        self.assertEqual(found["proposal"]["modules"], ["nls_cp437", "nls_iso8859_1", "vfat"])
        self.assertRegex(text, r"(?m)^vfat +filesystem +/etc/fstab:1: vfat may be mounted$")
        self.assertIn("This forecast is made from", text)
        self.assertTrue(text.endswith("\n[Lock]\nModules=nls_cp437 nls_iso8859_1 vfat\n"), text)
        bare = self.lpctl("lock", "--dry-run", "--no-legend").stdout
        self.assertNotIn("REASON", bare)
        self.assertEqual(self.lpctl("lock", "--dry-run", "--quiet").stdout, "")

    def test_what_is_proposed_is_good(self):
        """However long the proposal is, it is valid as a drop-in."""
        names = sorted(p.stem.replace("-", "_") for p in self.root.rglob("*.ko"))
        found, _ = self.forecast({"/etc/modules-load.d/all.conf": "\n".join(names)})
        wanted = set(found["proposal"]["modules"])
        self.assertGreater(len(wanted), 30)
        self.assertLessEqual(max(map(len, found["proposal"]["text"].splitlines())), 80)
        self.plant({"/etc/lpd/lpd.conf.d/50-modules.conf": found["proposal"]["text"]})
        self.lpctl("lint")
        options = self.json("cat-config")["options"]
        value = next(o["value"] for o in options if o["key"] == "Modules")
        self.assertEqual(set(value.split()), wanted)
        again, _ = self.forecast()
        self.assertEqual(set(again["proposal"]["modules"]), wanted)

    def test_refused(self):
        switches = {"/etc/lpd/disable": ""}
        found, text = self.forecast(switches, VFAT)
        self.assertEqual((found["outcome"], found["reason"], found["hint"]),
                         ("refuse", "/etc/lpd/disable exists", "remove it first"))
        self.assertIn("Modules would not be locked now: /etc/lpd/disable exists\n  remove it", text)
        self.assertIn("vfat", self.names(found))

    def test_required_patch_is_missing(self):
        found, _ = self.forecast(machine.manifest("fix-net", "Required=yes"))
        self.assertEqual(found["outcome"], "refuse")
        self.assertIn("fix-net", found["reason"])

    def test_transition_runs(self):
        found, text = self.forecast(machine.loaded("fix_net", transition=1))
        self.assertEqual(found["outcome"], "wait")
        self.assertIn("Modules would not be locked yet: fix_net", text)

    def test_locked(self):
        found, text = self.forecast({"/proc/sys/kernel/modules_disabled": "1\n"})
        self.assertEqual(found["outcome"], "nothing")
        self.assertIn("Modules are locked already.", text)

    def test_locked_by_others(self):
        found, text = self.forecast({"/proc/cmdline": "ro nomodule\n",
                                     "/etc/sysctl.d/50-x.conf": "kernel.modules_disabled=1\n"})
        self.assertEqual(found["alsoLockedBy"], ["the kernel command line: nomodule",
                                                 "/etc/sysctl.d/50-x.conf:1: kernel.modules_disabled=1"])
        for other in found["alsoLockedBy"]:
            self.assertIn(f"Locked at boot by others: {other}\n", text)
        self.plant({"/etc/sysctl.d/50-x.conf": ""})
        found, text = self.forecast()
        self.assertEqual(found["alsoLockedBy"], [])
        self.assertNotIn("by others", text)

    def test_crash_kernel(self):
        found, text = self.forecast({"/proc/vmcore": ""})
        self.assertEqual((found["outcome"], found["reason"]), ("refuse", "this is a crash kernel"))

    def test_transition_that_nobody_knows(self):
        """An unknown transition counts as running."""
        found, _ = self.forecast(machine.loaded("fix_net"),
                                 {"/sys/kernel/livepatch/fix_net/transition": "perhaps\n"})
        self.assertEqual((found["outcome"], found["reason"]), ("wait", "fix_net: its transition runs"))

    def test_modules_that_are_not_there(self):
        found, _ = self.forecast({"/etc/lpd/lpd.conf": "[Lock]\nModules=vfat nosuch\n"})
        self.assertEqual(found["outcome"], "refuse")
        self.assertEqual(found["reason"],
                         "Modules= names nosuch, and this kernel has no module of that name")
        self.assertEqual(found["proposal"]["modules"], ["vfat"])

    def test_no_kernel_runs(self):
        """In an image, the newest kernel with modules is used."""
        self.plant(VFAT)
        value, text = self.assert_same_everywhere("lock", "--dry-run")
        self.assertEqual((value["forecast"]["kernel"], value["forecast"]["outcome"]), (KERNEL, None))
        self.assertIn("vfat", self.names(value["forecast"]))
        self.assertIn("There is no running kernel to lock.", text)

    def test_no_index(self):
        shutil.rmtree(self.root / "lib/modules" / KERNEL)
        self.plant(machine.kernel(KERNEL))
        value = self.json("lock", "--dry-run", status=1)
        self.assertIn(f"/lib/modules/{KERNEL}", value["error"]["message"])
        self.text("lock", "--dry-run", status=1)

    def damage(self, name, data):
        (self.root / "lib/modules" / KERNEL / name).write_bytes(data)
        done = self.run_bare(f"--root={self.root}", "lock", "--dry-run")
        self.assertIn(done.returncode, (0, 5), done.stderr)
        return done

    def test_damaged_index(self):
        """A damaged index of another root is never read beyond its end or in a loop."""
        self.plant(machine.kernel(KERNEL), VFAT)
        for name in ("modules.dep.bin", "modules.alias.bin", "modules.builtin.bin", "modules.symbols.bin"):
            good = (self.root / "lib/modules" / KERNEL / name).read_bytes()
            for root in (b"\x6f\xff\xff\xf0", b"\x60" + (len(good) - 1).to_bytes(3, "big")):
                done = self.damage(name, good[:8] + root + good[12:])
                self.assertEqual(done.returncode, 5)
                self.assertIn(f"{name}: not an index of modules, or damaged", done.stderr)
                self.assertIn(f"depmod -a {KERNEL}", done.stderr)
            self.assertEqual(self.damage(name, good[:40]).returncode, 5)
            dice = random.Random(name)
            for _ in range(25):
                bad = bytearray(good)
                for _ in range(dice.randint(1, 8)):
                    bad[dice.randrange(len(bad))] = dice.choice((0, 1, 0x7f, 0x80, 0xff, dice.randrange(256)))
                self.damage(name, bytes(bad))
            self.assertEqual(self.damage(name, good).returncode, 0)

    def test_unread(self):
        found, text = self.forecast({"/etc/fstab/x": "", "/etc/crypttab": b"\xff" * 2000000})
        self.assertEqual(found["unread"],
                         ["/etc/fstab: Is a directory", "/etc/crypttab: File too large"])
        self.assertIn("Not examined: /etc/fstab: Is a directory\n", text)

    def test_hostile(self):
        """Hostile names are made printable for the terminal and JSON."""
        found, text = self.forecast({
            "/etc/fstab": b"a /b vfat,\x1b[31mred\xff,../../x x\n" + b"x " * 400000 + b"\n",
            b"/etc/systemd/system/\xff\x1b.mount".decode(errors="surrogateescape"):
                "[Mount]\nType=fuse\n",
            "/etc/modules-load.d/a.conf": b"\x00dummy\n",
            "/sys/bus/pci/devices/d\x1b[31m/modalias": "platform:pcspkr\n",
        })
        self.assertEqual(self.names(found)[:1], ["pcspkr"])
        self.assertIn("fuse", self.names(found))
        self.assertNotIn("\x1b", text)

    def test_flood(self):
        """The time for very many rules is bounded."""
        rules = "table inet t {\n" + "".join(f"type h{i}\nct\n" for i in range(60000)) + "masquerade }\n"
        names = "".join(f"m{i}\n" for i in range(100000))
        found, _ = self.forecast({
            "/etc/nftables.conf": rules, "/etc/modules-load.d/a.conf": names + "dummy\n",
            "/etc/systemd/system/multi-user.target.wants/nftables.service": ""})
        self.assertEqual(found["unread"], ["names after the first 20000: Argument list too long"])

    def test_without_dry_run(self):
        self.plant(machine.kernel(KERNEL))
        self.lpctl("lock", status=64)


if __name__ == "__main__":
    unittest.main(verbosity=2)
