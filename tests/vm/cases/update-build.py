# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another build of a loaded patch: it replaces the old one; if it cannot, the old one is loaded
again."""


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    old = m.patch_status("lp-cmdline")["module"]["buildId"]
    # The same module with another build id.
    m.ok(f"cp {m.patch('lp-cmdline')} /root/lp-cmdline.ko")
    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         "-i /root/lp-cmdline.ko")
    m.ok("lpctl install /root/lp-cmdline.ko")
    new = m.patch_status("lp-cmdline")
    m.equal("the new build id", new["module"]["buildId"], "42" * 20)
    m.equal("the state", new["state"], "active")
    m.sees("od -An -tx1 -j16 /sys/module/lp_cmdline/notes/.note.gnu.build-id | tr -d ' \\n'", "42" * 20)
    m.reboot()
    m.equal("after the reboot", m.patch_status("lp-cmdline")["module"]["buildId"], "42" * 20)
    m.equal("the state", m.state("lp-cmdline"), "active")
    m.equal("that it is another build", old == "42" * 20, False)
