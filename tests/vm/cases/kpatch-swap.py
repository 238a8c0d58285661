# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kpatch of Debian's archive is replaced by lpd's in one transaction of apt, and the other way round: the
same patch is loaded at each boot, once, and nothing of the old loader stays enabled."""

MACHINES = ("13",)
NAME = "lp_cmdline"


def case(m):
    m.boot(secure_boot=True)
    m.packages()
    m.ok("cd /root && for name in binutils-x86-64-linux-gnu libctf-nobfd0 libsframe1; do dpkg-deb -x $name.deb / || exit; "
         "done && ln -s x86_64-linux-gnu-readelf /usr/bin/readelf && ldconfig")
    apt(m, "kpatch")
    m.ok(f"cp {m.patch('lp-cmdline', by='mok')} /root/{NAME}.ko && kpatch install /root/{NAME}.ko")
    m.reboot()
    m.ok("systemctl start kpatch; systemctl status --no-pager --full kpatch")   # waits until the boot has started it
    is_loaded_once(m)

    m.contains("what apt says", apt(m, "lpd", "lpd-kpatch"), "kpatch")
    m.equal("the old package", m.ok("dpkg-query -W -f '${db:Status-Status}' kpatch"), "config-files")
    is_adopted(m)
    m.reboot()
    is_loaded_once(m)
    is_adopted(m)
    m.equal("its state", (m.state(NAME), m.ok(f"systemctl is-active livepatch@{NAME}").strip()), ("active", "active"))
    m.sees("systemctl show -P Id kpatch", "lpd.service")
    m.equal("the failed units", m.ok("systemctl --failed --no-legend"), "")

    m.contains("what apt says", apt(m, "kpatch"), "lpd-kpatch")
    m.ok("systemctl disable --now lpd.service")
    m.ok("systemctl enable kpatch.service")
    m.reboot()
    m.ok("systemctl start kpatch")
    is_loaded_once(m)
    m.sees("systemctl show -P Id kpatch", "kpatch.service")
    m.sees("lpctl status", "it has no manifest")
    m.sees("lpctl status", "kpatch.service is enabled")


def apt(m, *names):
    files = " ".join(f"./{name}.deb" for name in names)
    return m.ok(f"cd /root && apt-get install -y {files} 2>&1", timeout=300)


def is_adopted(m):
    m.sees("kpatch list", f"{NAME} [enabled]")
    m.sees("kpatch list", f"{NAME} ({m.kernel})")
    m.sees("kpatch version", "0.9.11")
    m.sees("systemctl is-enabled lpd", "enabled")
    m.sees_not("lpctl status", "kpatch.service is enabled")


def is_loaded_once(m):
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.equal("the number of loads", len(m.journal("SYSLOG_IDENTIFIER=kernel", f"--grep=enabling patch '{NAME}'")), 1)
