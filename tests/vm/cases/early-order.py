# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several patches are loaded in their order, in the initramfs of a machine with two CPUs; bad ones
do not stop the others."""

import re


def case(m):
    m.boot()
    good = ("lp-many-001", "lp-many-002", "lp-version")
    paths = " ".join(m.patch(name) for name in (*good, "lp-badinit"))
    m.ok(f"lpctl install --no-load --stage=initrd {paths}")
    m.write("/etc/lpd/patches.d/lp-many-001.conf.d/90-order.conf",
            "[Patch]\nAfter=lp-version\nWaitFor=patched\n")
    m.write("/etc/lpd/patches.d/lp-many-002.conf.d/90-order.conf", "[Patch]\nAfter=lp-many-001\n")
    # It is left out of the image, with a warning.
    m.write("/etc/lpd/patches.d/lp-broken.conf", "[Patch]\nStage=initrd\nNonsense=1\n")
    m.reboot(initramfs=m.make_initramfs(), smp=2)

    loads = m.journal("SYSLOG_IDENTIFIER=kernel", "--grep=enabling patch '")
    # The host tries the bad one again.
    loads = {re.search("'(.*)'", entry["MESSAGE"])[1]: entry for entry in loads}
    m.equal("the order of the loads", [name for name in loads if name != "lp_badinit"],
            ["lp_version", "lp_many_001", "lp_many_002"])
    for name in good:
        m.wait_until(f"lpctl status {name} | grep -q active")
        m.equal(f"the stage of {name}", m.json(f"cat /run/lpd/{name}.json")["stage"], "initrd")
    mounted = m.journal("_TRANSPORT=kernel", "--grep=EXT4-fs .vda.: mounted")
    m.before("the last patch", loads["lp_many_002"], "the root file system", mounted[0])
    m.contains("lpd's word", m.ok("journalctl -b -t lpd"), "lp-badinit.ko: the patch's own code refused")
    m.equal("the state of lp-badinit", m.state("lp-badinit"), "failed")
