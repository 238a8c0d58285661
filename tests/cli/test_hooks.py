#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hooks of the tools that build an initramfs, sourced by a stand-in of the tool that records
their calls. lpctl is the real one, on a tree. Booted machines test the real initramfs-tools and
dracut; mkinitcpio is not in Debian and is tested only here."""

import os
import subprocess
import unittest

from machine import KERNEL, LPCTL, PERMISSIVE, TOP, Case, kernel, manifest, module

ALGORITHMS = [f"crypto-{name}" for name in (
    "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512", "sm3", "streebog256", "streebog512",
    "ecdsa-nist-p256", "ecdsa-nist-p384", "ecdsa-nist-p521", "ecrdsa")]
HOOKS = TOP / "initramfs-hooks"
STORE = f"/var/lib/lpd/modules/{KERNEL}"
FILES = [("program", "/usr/lib/lpd/lpd"), ("program", "/usr/lib/lpd/lpd-parser"),
         ("file", "/etc/lpd/patches.d/fix-a.conf"), ("file", f"{STORE}/fix-a.ko"),
         ("file", "/etc/lpd/lpd.conf"), ("file", f"/var/lib/lpd/initramfs/{KERNEL}.json"),
         ("kernel-module", "efivarfs"),
         *(("kernel-module", name) for name in ALGORITHMS), ("kernel-module", "vfat"),
         ("something-new", "x")]
UNITS = "/usr/lib/systemd/system"

# lpctl, with output that later versions might add.
WRAPPER = """#!/bin/sh
echo "lpctl $*" >>{scratch}/asked
{lpctl} --root={root} "$@" || exit
[ -z "$(ls {root}/etc/lpd/patches.d)" ] || printf 'kernel-module vfat\\nsomething-new x\\n'
"""
BROKEN = """#!/bin/sh
echo "lpctl: it is broken" >&2
exit 1
"""
RECORDER = """
record() { echo "$*" >>"$CALLS"; return @status@; }
for name in @names@; do eval "$name() { record $name \\"\\$@\\"; }"; done
"""


def recorder(*names, status=1):
    """Functions of a tool, which fail: a hook continues anyway."""
    return RECORDER.replace("@names@", " ".join(names)).replace("@status@", str(status))


class Hook(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE)
        self.tool("lpctl", WRAPPER.format(lpctl=LPCTL, root=self.root, scratch=self.scratch))
        self.calls = self.scratch / "calls"

    def tool(self, name, text):
        path = self.scratch / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def early(self):
        self.plant(manifest("fix-a", "Stage=initrd"), {f"{STORE}/fix-a.ko": module("fix_a")})

    def script(self, name, libexecdir="/usr/lib/lpd", functions=None):
        text = (HOOKS / name).read_text().replace("@libexecdir@", str(libexecdir))
        text = text.replace("@unitdir@", "/usr/lib/systemd/system")
        if functions:
            text = text.replace("/usr/share/initramfs-tools/hook-functions", str(functions))
        return self.place(name.replace("/", "-"), text.encode())

    def shell(self, text, *argv, shell="bash", env=None):
        """(exit status, recorded calls, standard error)"""
        path = f"{self.scratch}/bin:{os.environ['PATH']}"
        self.calls.write_text("")
        done = subprocess.run([shell, "-c", text, shell, *map(str, argv)], capture_output=True, text=True,
                              env=os.environ | {"PATH": path, "CALLS": str(self.calls)} | (env or {}),
                              stdin=subprocess.DEVNULL, timeout=20)
        self.assertNotIn("not found", done.stderr)
        return done.returncode, self.calls.read_text().splitlines(), done.stderr

    def runs(self, call, text, script, shell):
        """Sourced in the initramfs, it runs a program once, ignores its result, and continues."""
        name = call.split()[0]
        for status in (0, 1):
            self.tool(name, f"#!/bin/sh\necho {name} $* >>$CALLS\nexit {status}\n")
            self.assertEqual(self.sourced(text, script, shell), [call, "on"])
        (self.scratch / "bin" / name).unlink()

    def sourced(self, text, script, shell):
        status, calls, _ = self.shell(text + '\necho on >>"$CALLS"',
                                      self.script(script, self.scratch / "bin"), shell=shell)
        self.assertEqual(status, 0)
        return calls


class InitramfsTools(Hook):
    def build(self):
        functions = self.place("hook-functions", recorder(
            "copy_exec", "copy_file", "manual_add_modules").encode())
        return self.shell('exec sh "$1"', self.script("initramfs-tools/hook", functions=functions),
                          env={"version": KERNEL})

    def test_copies(self):
        self.early()
        verbs = {"program": "copy_exec", "file": "copy_file live patch",
                 "kernel-module": "manual_add_modules"}
        self.assertEqual(self.build()[:2],
                         (0, [f"{verbs[kind]} {path}" for kind, path in FILES if kind in verbs]))

    def test_nothing_or_broken(self):
        self.assertEqual(self.build(), (0, [], ""))
        self.early()
        self.tool("lpctl", BROKEN)
        self.assertEqual(self.build(), (0, [], "lpctl: it is broken\n"))


class Dracut(Hook):
    SOURCE = recorder("inst_multiple", "inst_hook", "systemctl") + """
        instmods() { record "instmods hostonly=$hostonly" "$@"; }
        dracut_module_included() { [[ " $INCLUDED " == *" $1 "* ]]; }
        SYSTEMCTL=systemctl hostonly=-h moddir=/moddir
        . "$1"
    """

    def call(self, what, included="systemd", sysroot=""):
        env = {"kernel": KERNEL, "initdir": str(self.scratch / "initdir"), "INCLUDED": included,
               "dracutsysrootdir": sysroot}
        return self.shell(f"{self.SOURCE}\n{what}", self.script("dracut/module-setup.in"), env=env)

    def copied(self):
        return [f"inst_multiple {path}" for kind, path in FILES if kind in ("program", "file")]

    def test_check(self):
        self.assertEqual(self.call("check"), (255, [], ""))
        self.plant(manifest("fix-bad", "Stage=never"))
        self.tool("lpctl", WRAPPER.format(lpctl=LPCTL, root=self.root, scratch=self.scratch)
                  .replace("printf", "true"))
        self.assertEqual(self.call("check"), (255, [], ""))
        self.early()
        self.assertEqual(self.call("check"), (0, [], ""))
        self.tool("lpctl", BROKEN)
        self.assertEqual(self.call("check"), (255, [], ""))

    def test_with_systemd(self):
        self.early()
        status, calls, _ = self.call("install")
        self.assertEqual((status, calls), (0, self.copied() + [
            f"inst_multiple {UNITS}/lpd-initrd.service",
            f"systemctl -q --root {self.scratch}/initdir add-wants initrd.target lpd-initrd.service"]))

    def test_with_a_volume(self):
        self.plant({"/etc/lpd/lpd.conf": "[Store]\nDevice=LABEL=store\n"})
        self.assertEqual(self.call("check")[0], 0)
        calls = self.call("install")[1]
        self.assertIn("inst_multiple /usr/lib/lpd/lpd-volume", calls)
        wants = [call.split()[-1] for call in calls if "add-wants initrd.target" in call]
        self.assertEqual(wants, ["lpd-initrd.service", "lpd-volume.service", "lpd-ledger.service"])

    def test_with_a_ledger(self):
        """A volume with the attempts of the initramfs needs a program of its own, and not the other one."""
        self.early()
        self.plant({"/etc/lpd/lpd.conf.d/50.conf": "[Guard]\nLedger=LABEL=boot\n"})
        calls = self.call("install")[1]
        self.assertIn("inst_multiple /usr/lib/lpd/lpd-ledger", calls)
        self.assertNotIn("inst_multiple /usr/lib/lpd/lpd-volume", calls)
        self.assertEqual(calls[-1], f"systemctl -q --root {self.scratch}/initdir add-wants initrd.target "
                                    "lpd-ledger.service")

    def test_without_systemd(self):
        self.early()
        status, calls, _ = self.call("install", included="base")
        self.assertEqual((status, calls),
                         (0, self.copied() + ["inst_hook pre-udev 00 /moddir/lpd.sh",
                                              "inst_hook pre-mount 00 /moddir/lpd-volume.sh"]))

    def test_kernel_modules_in_spite_of_hostonly(self):
        self.early()
        self.assertEqual(self.call("installkernel"), (0, [f"instmods hostonly= {name}" for kind, name in FILES if kind == "kernel-module"], ""))

    def test_nothing_and_broken(self):
        """The administrator may name the module even if there is nothing to copy."""
        for _ in range(2):
            for function in ("install", "installkernel"):
                self.assertEqual(self.call(function)[:2], (0, []))
            self.tool("lpctl", BROKEN)

    def test_other_root(self):
        self.call("check", sysroot="/other")
        self.assertEqual((self.scratch / "asked").read_text(),
                         f"lpctl --root=/other initramfs-files --record --kernel={KERNEL}\n")

    def test_replaces_what_other_modules_left(self):
        """lpd's own file replaces one that another module left."""
        self.plant(manifest("fix-a", "Stage=initrd"), {f"{STORE}/fix-a.ko": module("fix_a")})
        left = self.scratch / "initdir/etc/lpd/patches.d/fix-a.conf"
        left.parent.mkdir(parents=True)
        left.write_text("")
        self.assertIn("inst_multiple /etc/lpd/patches.d/fix-a.conf", self.call("install")[1])
        self.assertFalse(left.exists())

    def test_in_the_image(self):
        self.runs("lpd initrd", '. "$1"', "dracut/pre-udev.in", "sh")
        self.runs("lpd-volume", '. "$1"', "dracut/pre-mount.in", "sh")
        self.runs("lpd-ledger", '. "$1"', "dracut/pre-mount.in", "sh")
        self.assertEqual(self.sourced('. "$1"', "dracut/pre-mount.in", "sh"), ["on"])


class Mkinitcpio(Hook):
    FUNCTIONS = recorder("add_binary", "add_file", "add_module", "add_symlink", "add_runscript",
                         status=0)   # mkinitcpio counts these failures itself
    SOURCE = FUNCTIONS + '\n. "$1"\n'

    def build(self):
        return self.shell(self.SOURCE + "build", self.script("mkinitcpio/install.in"),
                          env={"KERNELVERSION": KERNEL})

    def test_build(self):
        self.early()
        verbs = {"program": "add_binary {}", "file": "add_file {}", "kernel-module": "add_module {}?"}
        self.assertEqual(self.build(), (0, [
            *(verbs[kind].format(path) for kind, path in FILES if kind in verbs),
            *self.unit("lpd-initrd.service"), "add_runscript"], ""))

    def unit(self, name):
        return [f"add_file {UNITS}/{name}",
                f"add_symlink {UNITS}/initrd.target.wants/{name} ../{name}"]

    def test_with_a_volume(self):
        self.plant({"/etc/lpd/lpd.conf": "[Store]\nDevice=LABEL=store\n"})
        calls = self.build()[1]
        self.assertIn("add_binary /usr/lib/lpd/lpd-volume", calls)
        self.assertEqual(calls[-5:], [*self.unit("lpd-volume.service"), *self.unit("lpd-ledger.service"),
                                      "add_runscript"])

    def test_broken_patch(self):
        self.early()
        self.plant(manifest("fix-bad", "Stage=never"))
        status, calls, said = self.build()
        self.assertEqual((status, calls[-1]), (0, "add_runscript"))
        self.assertIn("fix-bad: left out", said)

    def test_nothing_or_broken(self):
        self.assertEqual(self.build(), (0, [], ""))
        self.early()
        self.tool("lpctl", BROKEN)
        self.assertEqual(self.build(), (0, [], "lpctl: it is broken\n"))

    def test_help(self):
        done = subprocess.run(["bash", "-c", '. "$1"; help', "bash", self.script("mkinitcpio/install.in")],
                              capture_output=True, text=True, check=True)
        self.assertIn("Stage=initrd", done.stdout)

    def test_in_the_image(self):
        self.runs("lpd initrd", '. "$1"; run_earlyhook', "mkinitcpio/hook.in", "dash")
        self.runs("lpd-volume", '. "$1"; run_hook', "mkinitcpio/hook.in", "dash")
        self.runs("lpd-ledger", '. "$1"; run_latehook', "mkinitcpio/hook.in", "dash")
        self.assertEqual(self.sourced('. "$1"; run_hook', "mkinitcpio/hook.in", "dash"), ["on"])


if __name__ == "__main__":
    unittest.main()
