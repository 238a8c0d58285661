# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a kernel leaves in ramoops is evidence before the first patch is loaded: a panic costs one boot, only
the guilty build is quarantined, and one on trial beside it and a confirmed one stay. So it is with an oops
that panics, an oops that does not, and a warning; a patch that a warning's trace merely passes through stays.
The cleared and the repaired build are loaded again."""
from bench import ledger

AREA = "0x1f000000"
CONFIRMED, INNOCENT = "lp-version", "lp-uptime"
QUIET = 5   # seconds, longer than the latest panic


def case(m):
    m.faults_allowed = m.comes_back = True
    m.boot(cmdline=f"memmap=1M${AREA}")
    m.write("/etc/modules-load.d/ramoops.conf", "ramoops\n")
    m.write("/etc/modprobe.d/ramoops.conf",
            f"options ramoops mem_address={AREA} mem_size=0x100000\n")
    # As late as where it has a lot to load. Without an order the patches would be in by then.
    m.write("/etc/systemd/system/systemd-modules-load.service.d/50-late.conf",
            "[Unit]\nAfter=systemd-tmpfiles-setup.service\n")
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", "[Guard]\nConfirmSec=3600\n")
    m.ok("modprobe ramoops")
    m.ok(f"lpctl install --wait=30 {m.patch(CONFIRMED)} {m.patch(INNOCENT)} && lpctl bless {CONFIRMED}")

    m.ok(f"lpctl install --no-load {m.patch('lp-panic-later')} && sync")
    m.equal("the boots, a bad one and a good one", m.resets("systemctl reboot", quiet=QUIET), 2)
    is_quarantined(m, "lp-panic-later", "kernel fault (panic) in what the patch's code called, in an earlier boot")
    is_repaired(m, "lp-panic-later")

    m.ok(f"lpctl install --wait=30 {m.patch('lp-oops')} && sysctl -w kernel.panic_on_oops=1 && sync")
    m.equal("the boots", m.resets("cat /proc/loadavg"), 1)
    is_quarantined(m, "lp-oops", "kernel fault (oops) in the patch's code, in an earlier boot")

    goes_on(m)


def goes_on(m):
    """Faults that the machine survives, also where lpd.service had to make its directory."""
    m.ok("systemctl stop lpd && mv /var/lib/lpd /root/away && systemctl start lpd && cp -a /root/away/. /var/lib/lpd")
    for name in ("lp-passed", "lp-warn", "lp-oops"):
        if name == "lp-oops":
            m.ok("lpctl clear lp-oops && systemctl start livepatch@lp-oops")
        else:
            m.ok(f"lpctl install --wait=30 {m.patch(name)}")
        m.ok("(cat /proc/loadavg) || true")
        if name == "lp-passed":
            m.ok("sleep 3")
            m.equal("the one that was passed through", (ledger.record(m, name)["state"], m.state(name)),
                    ("trial", "active"))
        else:
            kind = name.removeprefix("lp-").replace("warn", "warning")
            m.wait_until(f"grep -q quarantined {ledger.path(m, name)}", 20)
            is_quarantined(m, name, f"kernel fault ({kind}) in the patch's code, in this boot")
        m.ok(f"lpctl unload {name}" if name != "lp-oops" else "true")
        if name != "lp-oops":
            is_repaired(m, name)


def is_quarantined(m, name, reason):
    patch = m.patch_status(name)
    m.equal("its verdict", patch["guard"], "quarantined")
    m.equal("the reason", ledger.record(m, name)["reason"], reason)
    m.contains("the excerpt", ledger.record(m, name)["excerpt"], f"[{name.replace('-', '_')}]")
    m.sees(f"lpctl why {name}", reason)
    m.sees("cat /run/motd.d/lpd", name)
    m.equal("the one on trial", (m.state(INNOCENT), ledger.record(m, INNOCENT)["state"]), ("active", "trial"))
    m.equal("its attempts", ledger.boots(m, INNOCENT), [ledger.this_boot(m)])
    m.equal("the confirmed one", (m.state(CONFIRMED), ledger.record(m, CONFIRMED)["state"]),
            ("active", "confirmed"))


def is_repaired(m, name):
    m.ok(f"lpctl install --wait=30 {m.patch(f'repaired/{name}')}")
    m.sees("cat /proc/loadavg", f"live patched by {name}")
    m.ok(f"lpctl unload {name} && lpctl remove {name}")
