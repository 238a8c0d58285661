# SPDX-License-Identifier: LGPL-2.1-or-later
"""Self-test: each patch that breaks the machine does it in its own way, its repaired build does not, and
the kernel's report is in ramoops after the reset."""

MACHINES = ("12/6.1", "13")   # without a driver for the watchdog, and with it

AREA = "0x1f000000"
PARAMETERS = f"mem_address={AREA} mem_size=0x100000 record_size=0x10000"
RECORDS = f"modprobe ramoops {PARAMETERS} && cat /sys/fs/pstore/dmesg-ramoops-*"
# The same without a fixed address, which kernels have since 6.12; the name stands for a place that the
# kernel chooses, the same one in each boot if nothing else has changed.
RESERVED = "reserve_mem=1M:4096:oops ramoops.mem_name=oops ramoops.record_size=0x10000 nokaslr"

PANICS = {
    "lp-panic-init": ("", "lp-panic-init: in init"),
    "lp-panic-later": ("", "lp-panic-later: 3 seconds"),
    "lp-panic-read": ("cat /proc/cmdline", "lp-panic-read: /proc/cmdline"),
}


def says(m, name, *texts):
    """The kernel's log of this boot after /proc/loadavg was read with the patch in it."""
    m.ok(f"dmesg --clear; insmod {m.patch(name)}; (cat /proc/loadavg) || true")
    log = m.ok("dmesg")
    for text in texts:
        m.contains(f"the log with {name}", log, text)


def goes_on(m):
    module = "[lp_warn]"
    says(m, "lp-warn", "lp-warn: /proc/loadavg", f"RIP: 0010:show+0x", module)
    m.ok("dmesg --clear; cat /proc/loadavg")
    m.sees_not("dmesg", "WARNING")
    says(m, "lp-passed", "RIP: 0010:refcount_warn_saturate+0x", "[lp_passed]")
    says(m, "lp-oops", "NULL pointer dereference", "RIP: 0010:show+0x", "[lp_oops]", "#1]")


def is_repaired(m, name):
    m.ok(f"insmod {m.patch(f'repaired/{name}')}")
    m.sees("cat /proc/loadavg /proc/cmdline", f"live patched by {name}")
    m.fails(f"test $(sha256sum <{m.patch(name)} | cut -c-64) = "
            f"$(sha256sum <{m.patch(f'repaired/{name}')} | cut -c-64)")


def case(m):
    m.faults_allowed = m.comes_back = True
    has_watchdog = m.series != "6.1"
    m.watchdog = has_watchdog
    reserve = RESERVED if has_watchdog else f"memmap=1M${AREA}"
    m.boot(cmdline=reserve)
    records = RECORDS.replace(PARAMETERS, "") if has_watchdog else RECORDS
    goes_on(m)
    for name, (command, text) in PANICS.items():
        m.run(records)
        boots = m.resets(f"insmod {m.patch(name)}; {command}")
        m.equal(f"boots until the machine is up after {name}", boots, 1)
        log = m.ok(records)
        m.contains("ramoops", log, f"Kernel panic - not syncing: {text}")
        m.contains("ramoops", log, f"[{name.replace('-', '_')}]")
        m.ok("rm /sys/fs/pstore/*")
    if has_watchdog:
        m.ok("modprobe i6300esb heartbeat=2")
        start = f"exec 3>/dev/watchdog0; echo >&3; insmod {m.patch('lp-hang')}"
        m.equal("boots until the machine is up after lp-hang", m.resets(start), 1)
        m.contains("the console", m.console.read_text(errors="replace"), "lp-hang: this CPU stops")
    for name in (*PANICS, "lp-hang"):
        is_repaired(m, name)
