# SPDX-License-Identifier: LGPL-2.1-or-later
"""An extension image with a patch in /usr: it is loaded when the image is merged and unloaded when it is
unmerged, by systemd 262 alone and by lpctl apply or a reload before, and at boot before sysinit.target."""

MACHINES = ("13", "testing")

IMAGE = "/var/lib/extensions/fixes/usr/lib"
RELEASE = """ID=_any
EXTENSION_RELOAD_OR_RESTART_UNITS=lpd-apply.service
"""


def case(m):
    m.boot()
    by_systemd = int(m.ok("systemctl --version").split()[1]) >= 262
    m.ok(f"install -D -m 644 {m.patch('lp-cmdline')} {IMAGE}/lpd/modules/{m.kernel}/lp-cmdline.ko")
    m.write(f"{IMAGE}/lpd/patches.d/lp-cmdline.conf", "[Patch]\nDescription=From an extension\n")
    m.write(f"{IMAGE}/extension-release.d/extension-release.fixes", RELEASE)
    m.write("/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n")
    m.ok("systemctl enable systemd-sysext.service")

    m.ok("systemd-sysext merge" + ("" if by_systemd else " && lpctl apply"))
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.sees("systemctl is-active livepatch@lp-cmdline", "active")
    m.ok("systemd-sysext unmerge" + ("" if by_systemd else " && systemctl reload lpd"))
    m.sees_not("cat /proc/cmdline", "live patched")
    m.fails("lpctl status lp-cmdline", exit=3)

    m.reboot()
    m.equal("the state", m.state("lp-cmdline"), "active")
    kernel = m.journal("_TRANSPORT=kernel", "--grep=enabling patch 'lp_cmdline'")
    reached = m.journal("UNIT=sysinit.target", "JOB_RESULT=done")
    m.before("the patch", kernel[0], "sysinit.target", reached[0])
    m.equal("failed units", m.ok("systemctl list-units --failed --plain --no-legend").strip(), "")
