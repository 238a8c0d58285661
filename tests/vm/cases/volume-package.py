# SPDX-License-Identifier: LGPL-2.1-or-later
"""With a volume the image contains the patches of packages: these are compared and make it
outdated, while those on the volume do not."""

from bench import early

STALE = "MESSAGE_ID=0895d20d99d8484f828f6ad888f992f1"
# The real tool is tested in early-rebuild; here only its command line matters, and what lpd's hook records.
TOOL = """#!/bin/sh
echo "$@" >>/run/rebuilt
lpctl initramfs-files --record --kernel="$3" >/dev/null
touch "/boot/initrd.img-$3"
"""


def case(m):
    m.disk("store", "32M")
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-store.conf", "[Store]\nDevice=LABEL=store\n")
    m.write("/usr/lib/lpd/patches.d/lp-uptime.conf", "[Patch]\nStage=initrd\n")
    module = f"/usr/lib/lpd/modules/{m.kernel}/lp-uptime.ko"
    m.ok(f"install -D -m 644 {m.patch('lp-uptime')} {module}")
    image = m.make_initramfs()
    m.sees_not(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')}", "initramfs for")
    m.reboot(initramfs=image)
    up_to_date(m)

    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         f"-i {module}")
    m.reboot(initramfs=image)
    command = f"update-initramfs -u -k {m.kernel}"
    message = f"the initramfs for {m.kernel} contains an outdated lp-uptime; run {command}"
    m.sees("lpctl status", f"{message}\n")
    m.equal("the journal", [e["MESSAGE"] for e in m.journal(STALE)], [f"lp-uptime: {message}"])
    early.is_active(m)

    made_again(m, command)
    m.reboot(initramfs=m.make_initramfs())
    up_to_date(m)
    m.equal("the build id", m.patch_status("lp-uptime")["module"]["buildId"], "42" * 20)


def up_to_date(m):
    """Both were loaded in the initramfs, the volume's second, and the record describes the
    image."""
    first, second = early.enabling(m, "lp_uptime"), early.enabling(m, "lp_version")
    m.before("the image's", first, "the volume's", second)
    carried = m.json("cat /run/lpd/initramfs")["patches"]
    m.equal("what the image carried", [patch["name"] for patch in carried], ["lp-uptime"])
    early.is_active(m)
    m.equal("the state", m.state("lp-uptime"), "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-uptime.json")["stage"], "initrd")
    m.equal("the warning", m.json("lpctl status --json=short")["initramfs"]["message"], None)
    m.equal("the journal", m.journal(STALE), [])


def made_again(m, command):
    """A change to the package's patch rebuilds the image, and one to the volume's does not."""
    m.sees_not("lpctl disable lp-version", "initramfs for")
    m.sees_not("lpctl enable lp-version", "initramfs for")
    m.sees("lpctl disable --no-rebuild lp-uptime",
           f"initramfs for {m.kernel}: rebuild it: {command}")
    m.write("/usr/sbin/update-initramfs", TOOL, mode=0o755)
    m.sees("lpctl enable lp-uptime", f"initramfs for {m.kernel}: rebuilt")
    m.sees("cat /run/rebuilt", f"-u -k {m.kernel}\n")
    m.sees("lpctl status", "it has been rebuilt since: reboot\n")
