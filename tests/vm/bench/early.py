# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks of patches in the initramfs, whichever tool built the image."""

from . import initramfs

ALREADY = "MESSAGE_ID=ccaffbac0cf440c695a9db275fe76feb"
GROWTH = 3 << 20
LISTED = 8   # how many of the files that make an image grow are listed


def install(m):
    """Installs lp-version and lp-stall for the initramfs and lp-many-001 for the host; loads
    none."""
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')} {m.patch('lp-stall')}")
    m.ok(f"lpctl install --no-load {m.patch('lp-many-001')}")


def loaded_before_root(m, through="kernel", root="vda"):
    """lp-version was loaded once, before the root device was known; lpd's messages, through the
    kernel's log or the journal, are in the host's journal."""
    early, late = enabling(m, "lp_version"), enabling(m, "lp_many_001")
    for what in ("virtio_blk .*vda", f"EXT4-fs .{root}.: mounted"):
        seen = m.journal("_TRANSPORT=kernel", f"--grep={what}")
        m.before("the patch", early, what, seen[0])
    print(f"{m.series}: new code runs {seconds(early):.2f} s after the kernel's start, "
          f"{seconds(late):.2f} s for a patch of the host")
    m.contains("lpd's word from the initramfs",
               m.ok(f"journalctl -b -t lpd _TRANSPORT={through} -o cat"), "lp-version: loaded")


def enabling(m, module):
    """The kernel's own message; there is exactly one, because the patch is loaded once."""
    found = m.journal("SYSLOG_IDENTIFIER=kernel", f"--grep=enabling patch '{module}'")
    m.equal(f"the number of loads of {module}", len(found), 1)
    return found[0]


def seconds(entry):
    return int(entry["_SOURCE_MONOTONIC_TIMESTAMP"]) / 1e6


def taken_over(m):
    """The host has lp-version as the initramfs loaded it."""
    found = [e["MESSAGE"] for e in m.journal(ALREADY, "LPD_PATCH=lp-version")]
    m.equal("what the host found", found[:1], ["lp-version: loaded by the initramfs"])
    is_active(m)
    m.sees("systemctl is-system-running", "running")
    m.ok("systemctl reload livepatch@lp-version")
    is_active(m)


def is_active(m):
    m.sees("cat /proc/version", "live patched by lp-version")
    m.equal("the state", m.state("lp-version"), "active")
    m.sees("systemctl is-active livepatch@lp-version", "active")
    result = m.json("cat /run/lpd/lp-version.json")
    m.equal("stage and state", (result["stage"], result["state"]), ("initrd", "active"))


def patches_later_module(m):
    """A module that is loaded later, from the real root, is patched when it is loaded."""
    m.sees("cat /sys/kernel/livepatch/lp_stall/stall_target/patched", "0")
    m.ok(f"insmod {m.patch('stall-target')}")
    m.sees("cat /sys/kernel/livepatch/lp_stall/stall_target/patched", "1")


def left_to_host(m, image, cmdlines):
    """Boots the image with each of these switches: {kernel arguments: {patch: its stage}}."""
    for cmdline, wanted in cmdlines.items():
        m.reboot(initramfs=image, cmdline=cmdline)
        found = {name: m.json(f"cat /run/lpd/{name}.json")["stage"] for name in wanted}
        m.equal(f"where they were loaded with '{cmdline}'", found, wanted)
        for name in wanted:
            m.equal(f"the state of {name}", m.state(name), "active")


def install_refused(m):
    """Installs an unsigned patch and one with a foreign key by hand, because lpctl install refuses
    both."""
    for name, module in (("lp-uptime", m.patch("lp-uptime")),
                         ("lp-cumul-1", m.patch("lp-cumul-1", by="stranger"))):
        m.write(f"/etc/lpd/patches.d/{name}.conf", "[Patch]\nStage=initrd\n")
        m.ok(f"cp {module} /var/lib/lpd/modules/{m.kernel}/{name}.ko")


def checked(m):
    """lp-version was verified in the initramfs; the other two are refused."""
    result = m.json("cat /run/lpd/lp-version.json")
    m.equal("what the initramfs found", [result[key] for key in ("stage", "verdict", "way", "loaded")],
            ["initrd", "verified", "kernel-load", True])
    m.equal("the state of lp-version", m.state("lp-version"), "active")
    m.sees("cat /proc/version", "live patched by lp-version")
    m.sees_not("cat /proc/uptime /proc/cmdline", "live patched")
    for name in ("lp-uptime", "lp-cumul-1"):
        m.equal(f"the state of {name}", m.state(name), "refused")


def left_out(m):
    """The image leaves out unsigned patches, which needs no kernel to decide."""
    warnings = m.json("lpctl initramfs-files --kernel=$(uname -r) --json=short")["warnings"]
    m.equal(f"that the image builder left lp-uptime out: {warnings}",
            any("lp-uptime" in warning and "is not signed" in warning for warning in warnings), True)


def grows_little(m, before, after):
    """The packed image grows by at most 3 MB; prints what it consists of."""
    sizes = [image.with_suffix(".zst").stat().st_size for image in (before, after)]
    growth = sizes[1] - sizes[0]
    had, has = initramfs.files(before), initramfs.files(after)
    came = sorted(((size, name) for name, size in has.items() if size != had.get(name)), reverse=True)
    print(f"{m.series}: the image grows by {growth} bytes to {sizes[1]}: {len(came)} files, unpacked "
          f"{sum(size for size, _ in came)} bytes: "
          + ", ".join(f"{name} {size}" for size, name in came[:LISTED]))
    m.equal("that what came in is lpd's", any(n.endswith("/lpd-parser") for _, n in came), True)
    m.equal(f"that {growth} bytes more are {GROWTH} at most", growth <= GROWTH, True)


VARIABLE = "/sys/firmware/efi/efivars/LpdLedger-f21e7563-511c-45dd-b184-319920b6035e"


def firmware(m):
    """The size of the early ledger in the firmware, and the bytes that are free there; 0 where the
    kernel does not tell."""
    size = int(m.ok(f"stat -c %s {VARIABLE}"))
    return size, int(m.ok("stat -f -c '%a*%S' /sys/firmware/efi/efivars | sed 's/.*/echo $((&))/' | sh"))
