# SPDX-License-Identifier: LGPL-2.1-or-later
"""Self-test: each patch that breaks the machine does it in its own way, its repaired build does not, and
the kernel's report is in ramoops after the reset."""

MACHINES = ("12/6.1", "13")   # without a driver for the watchdog, and with it

AREA = "0x1f000000"
RECORDS = f"modprobe ramoops mem_address={AREA} mem_size=0x100000 record_size=0x10000 && cat /sys/fs/pstore/dmesg-*"

PANICS = {
    "lp-panic-init": ("", "lp-panic-init: in init"),
    "lp-panic-later": ("", "lp-panic-later: 3 seconds"),
    "lp-panic-read": ("cat /proc/cmdline", "lp-panic-read: /proc/cmdline"),
}


def insert(m, path):
    module = path.split("/")[-1][:-3].replace("-", "_")
    m.ok(f"insmod {path}")
    m.wait_until(f"grep -q 0 /sys/kernel/livepatch/{module}/transition")


def says(m, name, *texts):
    """The kernel's log after /proc/loadavg was read with the patch."""
    insert(m, m.patch(name))
    m.ok("dmesg --clear; (cat /proc/loadavg) || true")
    log = m.ok("dmesg")
    for text in texts:
        m.contains(f"the log with {name}", log, text)


def goes_on(m):
    says(m, "lp-warn", "lp-warn: /proc/loadavg", "RIP: 0010:show+0x", "[lp_warn]")
    m.ok("dmesg --clear; cat /proc/loadavg")
    m.sees_not("dmesg", "WARNING")
    says(m, "lp-passed", "RIP: 0010:refcount_warn_saturate+0x", "[lp_passed]")
    says(m, "lp-oops", "NULL pointer dereference", "RIP: 0010:show+0x", "[lp_oops]", "#1]")


def is_repaired(m, name):
    insert(m, m.patch(f"repaired/{name}"))
    m.sees("cat /proc/loadavg /proc/cmdline", f"live patched by {name}")
    m.fails(f"cmp -s {m.patch(name)} {m.patch(f'repaired/{name}')}")


def case(m):
    m.faults_allowed = m.comes_back = True
    m.watchdog = m.series != "6.1"
    m.boot(cmdline=f"memmap=1M${AREA}")
    for name, (command, text) in PANICS.items():
        m.run(RECORDS)
        boots = m.resets(f"insmod {m.patch(name)}; {command}")
        m.equal(f"boots until the machine is up after {name}", boots, 1)
        log = m.ok(RECORDS)
        m.contains("ramoops", log, f"Kernel panic - not syncing: {text}")
        m.contains("ramoops", log, f"[{name.replace('-', '_')}]")
        m.ok("rm /sys/fs/pstore/*")
    if m.watchdog:
        m.ok("modprobe i6300esb heartbeat=2")
        start = f"exec 3>/dev/watchdog0; echo >&3; insmod {m.patch('lp-hang')}"
        m.equal("boots until the machine is up after lp-hang", m.resets(start), 1)
        m.contains("the console", m.console.read_text(errors="replace"), "lp-hang: this CPU stops")
    for name in (*PANICS, "lp-hang"):
        is_repaired(m, name)
    goes_on(m)   # last: after an oops a panic shows no call trace
