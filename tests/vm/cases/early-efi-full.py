# SPDX-License-Identifier: LGPL-2.1-or-later
"""When the firmware's store of variables is full, or the variables are read-only, a patch on trial is loaded
by the host, whose own ledger takes its attempt, and the status says where and why; what is confirmed is loaded
in the initramfs as before."""
from bench import ledger
from bench.variables import Variables

MACHINES = ("12/6.1",)
EFIVARS = "/sys/firmware/efi/efivars"
LEFT = 4096   # the kernel itself takes no variable then (Linux: EFI_MIN_RESERVE)
# As firmware does that takes no variables from a running system.
READ_ONLY = f"""#!/bin/sh
[ "$1" = prereqs ] && exit 0
grep -q bench.read-only /proc/cmdline && mount -t efivarfs -o ro efivarfs {EFIVARS}
exit 0
"""
SCRIPT = "/etc/initramfs-tools/scripts/init-top/a-read-only"
WHY = "on trial: loaded on the host, as the initramfs cannot write its attempt (EFI variables: {})"


def case(m):
    m.boot(secure_boot=False)
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", "[Guard]\nConfirmSec=3600\n")
    m.write(SCRIPT, READ_ONLY, mode=0o755)
    for name in ("lp-version", "lp-many-001"):
        m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch(name)}")
    ledger.confirm(m, "lp-many-001", stage="initrd")
    image = m.make_initramfs(confirmed=False)
    m.reboot(initramfs=image, cmdline="bench.read-only")
    m.sees(f"findmnt -n -o OPTIONS {EFIVARS}", "ro,")
    is_left_to_host(m, "Read-only file system")
    settles_elsewhere(m)
    m.shutdown()
    fill(m)
    m.boot(initramfs=image)   # the attempt of the boot before was taken back on the host
    is_left_to_host(m, "No space left on device")
    settles_elsewhere(m)


def fill(m):
    store = Variables(m.variables.read_bytes())
    store.fill(LEFT)
    m.variables.write_bytes(store.data)


def is_left_to_host(m, problem):
    m.equal("the state", m.state("lp-version"), "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "system")
    m.equal("why", m.patch_status("lp-version")["earlyReason"], WHY.format(problem))
    m.sees("lpctl why lp-version", WHY.format(problem))
    m.equal("its attempts", ledger.boots(m, "lp-version"), [ledger.this_boot(m)])
    m.equal("the confirmed one", m.json("cat /run/lpd/lp-many-001.json")["stage"], "initrd")
    m.sees("systemctl is-system-running", "running")


def settles_elsewhere(m):
    """A new image gets another place for its ledger; this machine has none."""
    m.ok("lpctl initramfs-files --record")
    m.equal("the place", m.json(f"cat /var/lib/lpd/initramfs/{m.kernel}.json").get("ledger"), None)
