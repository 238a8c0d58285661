# SPDX-License-Identifier: LGPL-2.1-or-later
"""Self-test: after a panic the kernel's report is in the firmware's variables."""

MACHINES = ("12/6.1",)


def case(m):
    m.faults_allowed = m.comes_back = True
    m.boot(secure_boot=False)
    m.ok("modprobe efi_pstore")
    m.equal("boots until the machine is up", m.resets(f"insmod {m.patch('lp-panic-init')}"), 1)
    m.ok("modprobe efi_pstore")
    log = m.ok("cat /sys/fs/pstore/dmesg-efi*")
    m.contains("the report", log, "Kernel panic - not syncing: lp-panic-init: in init")
    m.contains("the report", log, "[lp_panic_init]")
