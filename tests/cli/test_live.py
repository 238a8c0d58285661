#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl without --root=, as root of a machine of files: a mount namespace with a /sys of its own, where
nothing reaches the kernel that this runs on."""

import unittest

from machine import *

RELEASE = os.uname().release
MOUNTS = """
mount --make-rprivate / &&
for d in usr/lib usr/lib64 proc dev; do
    [ ! -d "/$d" ] || mount --rbind "/$d" "$0/$d" || exit
done
mount --bind "$LPCTL_DIRECTORY" "$0/opt/lpctl" && mount --bind "$LPD_LIBEXECDIR" "$0/opt/libexec" || exit
LPD_LIBEXECDIR=/opt/libexec exec chroot --userspec="$LPCTL_USER" "$0" /opt/lpctl/lpctl "$@"
"""


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@unittest.skipUnless(may_mount(), "only root can mount")
class Live(Case):
    def setUp(self):
        super().setUp()
        for link in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink(f"/{link}"):
                self.plant({f"/{link}": Link(os.readlink(f"/{link}"))})
        self.plant({f"/{d}": None for d in ("usr", "usr/bin", "usr/lib", "usr/lib64", "proc", "dev", "opt", "opt/lpctl",
                                       "opt/libexec", "tmp", "run")})
        machine = {path: content for path, content in kernel(RELEASE).items() if not path.startswith("/proc/")}
        self.plant(machine, PERMISSIVE)

    def lpctl(self, *argv, status=0, user="0:0", **options):
        env = {"LPCTL_DIRECTORY": os.path.dirname(LPCTL), "LPCTL_USER": user}
        done = self.run_bare("-m", "sh", "-c", MOUNTS, self.root, *argv, program="unshare", env=env, **options)
        self.assertEqual(done.returncode, status, f"{argv}: {done.stdout}{done.stderr}")
        return done

    def would(self, *argv, status=0):
        """What --dry-run says would be done to each patch. It does nothing."""
        before = tree_of(self.root)
        value = self.json_once(*argv, "--dry-run", status=status)
        text = self.lpctl(*argv, "--dry-run", status=status).stdout
        self.assertEqual(tree_of(self.root), before)
        self.assertEqual((value["dryRun"], value["changed"]), (True, False))
        for patch in value["patches"]:
            self.assertFalse(patch["changed"])
            self.assertIn(f"{patch['name']}: {patch['message']}\n", text)
        self.assertEqual(value["wouldChange"], any(p["wouldChange"] for p in value["patches"]))
        return {p["name"]: (p["wouldChange"], p["message"]) for p in value["patches"]}


class DryRun(Live):
    """Each verb that changes the running kernel says what it would do, and does nothing."""

    def setUp(self):
        super().setUp()
        self.plant(
            manifest("fix-net"), manifest("fix-left"), manifest("fix-none"), manifest("fix-off", "Enabled=no"),
            {f"/var/lib/lpd/modules/{RELEASE}/{name}.ko": module(name.replace("-", "_"), RELEASE,
                                                                  build_id=BUILD_IDS.get(name.replace("-", "_"), "77" * 20))
             for name in ("fix-net", "fix-left", "fix-off")},
            {"/root.ko": module("fix_new", RELEASE, build_id=BUILD_IDS["fix_new"])},
            loaded("fix_net"), result("fix-net"))

    def test_load(self):
        self.assertEqual(self.would("load", "fix_net", "fix-left", "fix-off"), {
            "fix-net": (False, "loaded already"), "fix-left": (True, "would be loaded"), "fix-off": (True, "would be loaded")})
        self.assertEqual(self.would("load", "fix-none", status=6), {})   # as the load itself
        self.lpctl("load", "fix-none", status=6)
        self.assertEqual(self.would("load", "nosuch", status=3), {})
        self.assertEqual(self.would("load", "/root.ko", "a=1"), {"fix_new": (True, "would be loaded until the next boot")})
        self.plant(loaded("fix_new"))
        self.assertEqual(self.would("load", "/root.ko"), {"fix_new": (False, "loaded already")})

    def test_unload(self):
        self.assertEqual(self.would("unload", "fix-net", "fix-left"), {
            "fix-net": (True, "would be unloaded"), "fix-left": (False, "was not loaded")})
        self.assertEqual(self.would("unload", "nosuch", status=3), {})

    def test_switch(self):
        self.assertEqual(self.would("disable", "--now", "fix-net", "fix-off"), {
            "fix-net": (True, "would be disabled and would be unloaded"), "fix-off": (False, "already disabled")})
        self.assertEqual(self.would("enable", "--now", "fix-net", "fix-off", "fix-left"), {
            "fix-net": (False, "already enabled"), "fix-off": (True, "would be enabled and would be loaded"),
            "fix-left": (True, "is already enabled and would be loaded")})

    def test_remove(self):
        self.assertEqual(self.would("remove", "fix-net", "fix-left", "nosuch"), {
            "fix-net": (True, "would be unloaded and removed"), "fix-left": (True, "would be removed"),
            "nosuch": (False, "there is no such patch, nothing to do")})

    def test_apply(self):
        before = tree_of(self.root)
        value = self.json_once("apply", "--dry-run")
        self.assertEqual(tree_of(self.root), before)
        self.assertEqual({a["name"]: (a["action"], a["wouldChange"]) for a in value["actions"]}, {
            "fix-net": ("keep", False), "fix-left": ("load", True), "fix-none": ("skip", False), "fix-off": ("skip", False)})


class Elevation(Live):
    """Who may not do it is told the very command to type, with what is there to become root."""

    VERBS = (["install", "./fix-net.ko"], ["remove", "x"], ["remove", "--kernel=5.10.0"], ["enable", "x"], ["disable", "x"],
             ["disable", "--now", "x"], ["import-kpatch"], ["load", "x"], ["load", "./fix-net.ko"], ["unload", "x"],
             ["apply"], ["lock"], ["lock", "--yes"])

    def says(self, how, argv):
        done = self.lpctl(*argv, status=4, user="65534:65534")
        self.assertEqual((done.stdout, done.stderr), (
            "", f"lpctl: this changes the machine and needs root\n       {how} lpctl {' '.join(argv)}\n"))
        value = json.loads(self.lpctl("--json=short", *argv, status=4, user="65534:65534").stdout)
        self.check_schema(argv[0], value, 4)

    def test_every_verb(self):
        self.plant({"/usr/bin/run0": ""})
        for argv in self.VERBS:
            self.says("run: run0", argv)

    def test_every_program(self):
        argv = self.VERBS[0]
        self.says("log in as root and run:", argv)
        for program, command in (("pkexec", "pkexec --keep-cwd"), ("doas", "doas"), ("run0", "run0"), ("sudo", "sudo")):
            self.plant({f"/usr/bin/{program}": ""})
            self.says(f"run: {command}", argv)


if __name__ == "__main__":
    unittest.main()
