# SPDX-License-Identifier: LGPL-2.1-or-later
"""With a read-only /usr and nothing of lpd in /etc, the patches of packages are loaded."""


def case(m):
    m.boot()
    m.ok(f"mkdir -p /usr/lib/lpd/modules/{m.kernel}")
    m.ok(f"gzip -c {m.patch('lp-cmdline')} >/usr/lib/lpd/modules/{m.kernel}/lp-cmdline.ko.gz")
    m.ok(f"mkdir -p /usr/lib/modules/{m.kernel}/livepatch")
    m.ok(f"xz --check=crc32 -c {m.patch('lp-uptime')} >/usr/lib/modules/{m.kernel}/livepatch/lp_uptime.ko.xz")
    m.ok(f"zstd -q -c {m.patch('lp-version')} >/usr/lib/lpd/modules/{m.kernel}/lp-version.ko.zst")
    for name in ("lp-cmdline", "lp-uptime", "lp-version"):
        m.write(f"/usr/lib/lpd/patches.d/{name}.conf", "[Patch]\nDescription=From a package\n")
    m.write("/usr/lib/lpd/lpd.conf", "[Trust]\nSignature=permissive\n")
    m.ok("rm -r /etc/lpd /var/lib/lpd")
    m.write("/etc/fstab", "/usr /usr none bind,ro 0 0\n")
    m.reboot()
    m.fails("touch /usr/x", says="Read-only")
    for name in ("lp-cmdline", "lp-uptime", "lp-version"):
        m.equal(name, m.state(name), "active")
    m.fails("lpctl remove lp-cmdline", exit=1, says="lpctl disable")
    m.equal("after the refusal", m.state("lp-cmdline"), "active")
    m.ok("lpctl disable --now lp-cmdline")
    m.reboot()
    m.equal("lp-cmdline", m.state("lp-cmdline"), "disabled")
    m.equal("lp-uptime", m.state("lp-uptime"), "active")
