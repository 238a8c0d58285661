#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Configuration that users other than root can change, by owner, mode, link or directory, has no
effect."""

import os
import stat
import unittest

from machine import *

STRANGER = 65534
LOOSE = "[Trust]\nSignature=permissive\n"


@unittest.skipIf(os.geteuid() != 0, "only root can give files away")
class Owners(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), manifest("fix-net"),
                   {f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net"),
                    "/home/user": None})
        self.give("/home/user")

    def give(self, path):
        os.chown(self.root / path.lstrip("/"), STRANGER, STRANGER, follow_symlinks=False)

    def loosen(self, path, mode):
        (self.root / path.lstrip("/")).chmod(mode)

    def of_stranger(self, path, text):
        self.plant({path: text})
        self.give(path)

    def policy_is_refused(self, naming, why, status=78):
        value = self.json("status")
        self.assertEqual(value["policy"]["signature"], "required")
        self.assertRegex(value["policy"]["problem"], f"{naming}.*{why}")
        [action] = self.json("apply", "--dry-run", status=status)["actions"]
        self.assertEqual(action["action"], "fail")
        self.assertRegex(action["reason"], f"policy|{why}")

    def patch_is_refused(self, naming, why):
        value = self.json("why", "fix-net")
        self.assertEqual((value["action"], value["patch"]["state"]), ("fail", "refused"))
        self.assertRegex(value["reason"], f"{naming}.*{why}")
        self.assertIn("fix-net", self.text("list"))
        problems = self.json("lint", status=78)["problems"]
        self.assertRegex(problems[0]["message"], f"{naming}.*{why}")
        self.assertIn("ch", problems[0]["hint"])

    def test_policy_of_a_stranger(self):
        self.of_stranger("/etc/lpd/lpd.conf", LOOSE)
        self.policy_is_refused("/etc/lpd/lpd.conf", "belongs to user 65534")

    def test_policy_for_all_to_write(self):
        self.plant({"/etc/lpd/lpd.conf.d/x.conf": LOOSE})
        self.loosen("/etc/lpd/lpd.conf.d/x.conf", 0o666)
        self.policy_is_refused("x.conf", "written by everybody")

    def test_policy_for_a_group_or_others_to_write(self):
        """Each of the two bits alone is enough."""
        self.plant({"/etc/lpd/lpd.conf.d/x.conf": LOOSE})
        for mode, whom in ((0o664, "its group"), (0o646, "everybody")):
            self.loosen("/etc/lpd/lpd.conf.d/x.conf", mode)
            self.policy_is_refused("x.conf", f"written by {whom} .mode 0{mode:o}")

    def test_policy_drop_in_links_to_a_user(self):
        self.of_stranger("/home/user/x.conf", LOOSE)
        self.plant({"/etc/lpd/lpd.conf.d/x.conf": Link("/home/user/x.conf")})
        self.policy_is_refused("x.conf", "/home/user .*65534")

    def test_a_users_link_to_a_file_of_root(self):
        self.plant({"/usr/share/doc/lpd/loose.conf": LOOSE, "/home/user/x.conf": Link("/usr/share/doc/lpd/loose.conf"),
                    "/etc/lpd/lpd.conf": Link("/home/user/x.conf")})
        self.give("/home/user/x.conf")
        self.policy_is_refused("lpd.conf", "/home/user .*65534")

    def test_a_users_directory_link_on_the_way(self):
        self.plant({"/usr/share/doc/lpd/loose.conf": LOOSE, "/home/user/d": Link("/usr/share/doc/lpd"),
                    "/etc/lpd/lpd.conf": Link("../../home/user/d/loose.conf")})
        self.policy_is_refused("lpd.conf", "/home/user .*65534")

    def test_mask_of_a_stranger(self):
        self.plant({"/usr/lib/lpd/lpd.conf": "[Trust]\nSignature=local\n"})
        self.of_stranger("/etc/lpd/lpd.conf", "")
        self.policy_is_refused("/etc/lpd/lpd.conf", "belongs to user 65534")

    def test_directory_that_others_can_write(self):
        self.plant({"/etc/lpd/lpd.conf.d/x.conf": LOOSE})
        self.loosen("/etc/lpd/lpd.conf.d", 0o1777)
        self.policy_is_refused("x.conf", "the directory .*lpd.conf.d can be written by everybody")

    def test_directory_further_up(self):
        self.plant({"/etc/lpd/lpd.conf": LOOSE})
        self.give("/etc")
        # the manifest is refused too
        self.policy_is_refused("lpd.conf", "the directory .*/etc belongs to user 65534", status=5)

    def test_manifest_of_a_stranger(self):
        self.plant(PERMISSIVE, manifest("fix-new", "Enabled=no"))
        self.give("/etc/lpd/patches.d/fix-net.conf")
        self.patch_is_refused("fix-net.conf", "belongs to user 65534")
        self.assertEqual(self.json("why", "fix-new")["reason"], "Enabled=no")

    def test_drop_in_of_a_manifest_links_to_a_user(self):
        self.plant(PERMISSIVE, {"/etc/lpd/patches.d/fix-net.conf.d/p.conf": Link("/home/user/p.conf")})
        self.of_stranger("/home/user/p.conf", "[Patch]\nProbe=/home/user/probe\n")
        self.patch_is_refused("p.conf", "/home/user .*65534")

    def test_mask_in_a_directory_of_everybody(self):
        self.plant({"/etc/lpd/lpd.conf.d/x.conf": Link("/dev/null")})
        self.loosen("/etc/lpd/lpd.conf.d", 0o777)
        self.policy_is_refused("x.conf", "the directory .*lpd.conf.d can be written by everybody")

    def test_manifests_in_a_directory_of_everybody(self):
        """Each of them is checked, not only the first."""
        self.plant(PERMISSIVE, manifest("fix-new", "Enabled=no"))
        self.loosen("/etc/lpd/patches.d", 0o777)
        for name in ("fix-net", "fix-new"):
            value = self.json("why", name)
            self.assertEqual(value["action"], "fail")
            self.assertRegex(value["reason"], "the directory .*patches.d can be written by everybody")

    def test_link_up_to_a_users_directory(self):
        self.plant({"/home/user/x.conf": LOOSE, "/home/lpd/a": None,
                    "/etc/lpd/lpd.conf": Link("/home/lpd/a/../../user/x.conf")})
        self.policy_is_refused("lpd.conf", "/home/user .*65534")

    def test_directory_link_keeps_the_rest_of_the_path(self):
        self.of_stranger("/srv/d/sub/loose.conf", LOOSE)
        self.plant({"/usr/share/d": Link("/srv/d"),
                    "/etc/lpd/lpd.conf": Link("/usr/share/d/sub/loose.conf")})
        self.policy_is_refused("lpd.conf", "/srv/d/sub/loose.conf belongs to user 65534")

    def test_each_directory_is_looked_at(self):
        """Another file's directory was found safe before."""
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=required\n", "/etc/lpd/lpd.conf.d/x.conf": LOOSE})
        self.loosen("/etc/lpd/lpd.conf.d", 0o777)
        self.policy_is_refused("x.conf", "the directory .*lpd.conf.d can be written by everybody")

    def test_link_up_beyond_the_root(self):
        """The link ends at the root, as everywhere."""
        self.plant({"/usr/lib/lpd/x": LOOSE, "/etc/lpd/lpd.conf": Link("../" * 9 + "usr/lib/lpd/x")})
        self.assertEqual(self.json("why", "fix-net")["action"], "load")

    def test_mask_by_a_link_to_the_device(self):
        self.plant(PERMISSIVE, {"/dev": None, "/etc/lpd/patches.d/fix-net.conf.d/p.conf": Link("/srv/none"),
                                "/srv/none": Link("../dev/null")})
        try:
            os.mknod(self.root / "dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        except PermissionError:
            self.skipTest("no devices can be made here")
        (self.root / "dev/null").chmod(0o666)
        self.assertEqual(self.json("why", "fix-net")["action"], "load")

    def test_links_among_what_is_roots(self):
        self.plant({"/usr/share/lpd/p.conf": "[Patch]\nDescription=linked\n", "/etc/lpd/lpd.conf": Link("../../usr/lib/lpd/x"),
                    "/usr/lib/lpd/x": LOOSE,
                    "/etc/lpd/patches.d/fix-net.conf.d": Link("/srv/d"), "/srv/d/p.conf": Link("/usr/share/lpd/p.conf")})
        value = self.json("why", "fix-net")
        self.assertEqual((value["action"], value["patch"]["description"]), ("load", "linked"))

    def test_masks_of_root(self):
        self.plant(PERMISSIVE, {"/etc/lpd/patches.d/fix-net.conf.d/p.conf": Link("/dev/null"),
                                "/usr/lib/lpd/patches.d/fix-old.conf": "[Patch]\n",
                                "/run/lpd/patches.d/fix-old.conf": Link("/dev/null")})
        self.assertEqual(self.json("why", "fix-net")["action"], "load")
        self.assertEqual([p["name"] for p in self.json("list")["patches"]], ["fix-net"])


if __name__ == "__main__":
    unittest.main()
