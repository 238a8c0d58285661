# SPDX-License-Identifier: LGPL-2.1-or-later
"""A patch with Stage=initrd is in before the root device is opened; the host takes it over as it is."""

ALREADY = "MESSAGE_ID=ccaffbac0cf440c695a9db275fe76feb"


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')} {m.patch('lp-stall')}")
    m.ok(f"lpctl install {m.patch('lp-many-001')}")
    m.reboot(initramfs=m.make_initramfs())

    early, late = enabling(m, "lp_version"), enabling(m, "lp_many_001")
    for what in ("virtio_blk .*vda", "EXT4-fs .vda.: mounted"):
        seen = m.journal("_TRANSPORT=kernel", f"--grep={what}")
        m.before("the patch", early, what, seen[0])
    print(f"{m.series}: new code runs {seconds(early):.2f} s after the kernel's start, "
          f"{seconds(late):.2f} s for a patch of the host")

    taken_over(m)
    m.contains("lpd's word from the initramfs", m.ok("journalctl -b -t lpd _TRANSPORT=kernel"),
               "lp-version: loaded")
    found = [e["MESSAGE"] for e in m.journal(ALREADY, "LPD_PATCH=lp-version")]
    m.equal("what the host found", found, ["lp-version: in since the initramfs"])
    m.sees("systemctl is-system-running", "running")
    m.ok("systemctl reload livepatch@lp-version")
    taken_over(m)

    # A module that is loaded only now, from the real root, is patched as it comes.
    m.sees("cat /sys/kernel/livepatch/lp_stall/stall_target/patched", "0")
    m.ok(f"insmod {m.patch('stall-target')}")
    m.sees("cat /sys/kernel/livepatch/lp_stall/stall_target/patched", "1")

    # What is loaded again was not loaded in the initramfs.
    m.ok("systemctl restart livepatch@lp-version")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "system")


def enabling(m, module):
    """The kernel's own line; there is one, as it is loaded once."""
    found = m.journal("SYSLOG_IDENTIFIER=kernel", f"--grep=enabling patch '{module}'")
    m.equal(f"the number of loads of {module}", len(found), 1)
    return found[0]


def seconds(entry):
    return int(entry["_SOURCE_MONOTONIC_TIMESTAMP"]) / 1e6


def taken_over(m):
    m.sees("cat /proc/version", "live patched by lp-version")
    m.equal("the state", m.state("lp-version"), "active")
    m.sees("systemctl is-active livepatch@lp-version", "active")
    result = m.json("cat /run/lpd/lp-version.json")
    m.equal("stage and state", (result["stage"], result["state"]), ("initrd", "active"))
