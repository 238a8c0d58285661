# SPDX-License-Identifier: LGPL-2.1-or-later
"""needrestart gives no hint at an old kernel while live patches make the running one as good as the newest that is
installed."""

from pathlib import Path

CONF = Path(__file__).resolve().parents[3] / "contrib/needrestart/lpd.conf"
HINT = "is not the expected kernel version"


def case(m):
    m.with_packages("needrestart")
    m.boot()
    m.write("/etc/needrestart/conf.d/lpd.conf", CONF.read_text())
    newest = m.ok("ls -v /boot/vmlinuz-* | tail -1").strip().removeprefix("/boot/vmlinuz-")
    m.equal("that another kernel is newer", newest != m.kernel, True)
    m.contains("the hint", asked(m), HINT)

    m.write("/etc/lpd/patches.d/lp-cmdline.conf", f"[Patch]\nEffective={newest}\n")
    m.ok(f"lpctl install --wait=30 {m.patch('lp-cmdline')}")
    m.equal("as good as", m.ok("lpctl uname").strip(), newest)
    said = asked(m)
    m.equal(f"the hint ({said})", HINT in said, False)
    m.contains("batch mode", m.ok("needrestart -b -k"), f"NEEDRESTART-KEXP: {newest}")

    m.ok("lpctl unload lp-cmdline")
    m.contains("the hint", asked(m), HINT)


def asked(m):
    """-1: the hint is a line, and no dialogue that waits."""
    m.write("/etc/needrestart/conf.d/00-bench.conf", "$nrconf{kernelhints} = -1;\n$nrconf{ui} = 'NeedRestart::UI::stdio';\n")
    return m.ok("needrestart -k -r l 2>&1", timeout=120)
