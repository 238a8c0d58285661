# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl cves from installed to effective and back, for everybody; 500 CVEs in 20 patches cost little."""

NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
CPU_SECONDS = 2   # emulated: a host takes a tenth of that or less


def case(m):
    m.boot()
    many(m)
    life(m)


def life(m):
    m.ok(f"insmod {m.patch('stall-target')} hold=0")
    m.ok(f"lpctl install --no-load --fixes='CVE-2024-1086 RHSA-2024:1' {m.patch('lp-stall')}")
    state(m, "installed", exit=1)
    m.ok("echo 1 >/sys/module/stall_target/parameters/hold")
    reader = m.background("exec cat /proc/lpd-stall >/run/reader")
    m.wait_until(f"grep -q stall_wait /proc/{reader}/stack")
    m.run("lpctl load --wait=1 lp-stall")
    state(m, "pending", exit=1)
    m.ok("echo 0 >/sys/module/stall_target/parameters/hold")
    m.wait_until("lpctl cves CVE-2024-1086", 30)
    state(m, "effective", exit=0)
    m.contains("the metric", m.ok("lpctl metrics"), 'lpd_cve_effective{cve="CVE-2024-1086"')
    m.ok("lpctl unload lp-stall")
    state(m, "installed", exit=1)


def state(m, wanted, exit):
    """The same for root and for everybody else."""
    for who in ("", NOBODY):
        found = m.json(f"{who} lpctl cves --json=short CVE-2024-1086 RHSA-2024:1", exit=exit)["cves"]
        m.equal(f"the states ({who})", [c["state"] for c in found], [wanted, wanted])
    m.fails("lpctl cves CVE-2024-1086 CVE-1999-1", exit=1)


def many(m):
    names = [f"lp-many-{i:03}" for i in range(1, 21)]
    m.ok(f"lpctl install --no-load {' '.join(map(m.patch, names))}")
    for i, name in enumerate(names):
        ids = " ".join(f"CVE-2026-{1000 + 25 * i + k}" for k in range(25))
        m.write(f"/etc/lpd/patches.d/{name}.conf.d/fixes.conf", f"[Patch]\nFixes={ids}\n")
    m.ok("systemctl daemon-reload; lpctl load lp-many-007")
    found = m.json("lpctl cves --json=short")["cves"]
    m.equal("all of them", len(found), 500)
    m.equal("those of the loaded one", sum(c["state"] == "effective" for c in found), 25)
    for verb in ("cves", "status"):
        user, system = m.ok(f"TIMEFORMAT='%U %S'; time lpctl {verb} 2>&1 >/dev/null").split()
        took = float(user) + float(system)
        print(f"lpctl {verb} with 500 CVEs in 20 patches: {1000 * took:.0f} ms of emulated CPU")
        m.equal(f"that {verb} is quick", took < CPU_SECONDS, True)
