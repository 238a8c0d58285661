# SPDX-License-Identifier: LGPL-2.1-or-later
"""An initramfs that carries another build than the host has is named, with the command that mends it."""


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')}")
    old = m.make_initramfs()
    m.ok(f"cp {m.patch('lp-version')} /root/lp-version.ko")
    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         "-i /root/lp-version.ko")
    m.ok("lpctl install --no-load /root/lp-version.ko")
    m.reboot(initramfs=old)

    m.fails("systemctl is-active livepatch@lp-version", says="failed")
    # What is in is in, and that is what it says.
    m.sees("cat /proc/version", "live patched by lp-version")
    said = m.ok("journalctl -b -t lpd -o cat")
    m.contains("the unit", said, f"the initramfs for {m.kernel} carries an older lp-version")
    m.contains("the unit", said, f"update-initramfs -u -k {m.kernel}")
    carried = m.json("cat /run/lpd/initramfs")
    m.equal("the kernel of the image", carried["kernel"], m.kernel)
    m.equal("that the old build was carried", carried["patches"][0]["buildId"] == "42" * 20, False)

    m.reboot(initramfs=m.make_initramfs())
    m.equal("the build id", m.patch_status("lp-version")["module"]["buildId"], "42" * 20)
    m.equal("the state", m.state("lp-version"), "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "initrd")
