# SPDX-License-Identifier: LGPL-2.1-or-later
"""A load gives the same reason for each unfit module as lpctl why did; with an older build of a
required patch, a broken manifest or a lost record, neither the check nor the lock succeeds."""
from bench.scenes import is_locked

FILE = "/var/lib/lpd/modules/{}/lp-cmdline.ko"
PATCHES = "/etc/lpd/patches.d"
OTHER_BUILD = (r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' -i """)


def unfit(m, file, good):
    """The change to the file or its manifest, and the exit status of a load."""
    pin = f"{PATCHES}/lp-cmdline.conf.d/99-pin.conf"
    release = m.ok("uname -r").strip()
    yield "empty", f": > {file}", 5
    yield "no ELF", f"echo '#!/bin/sh' > {file}", 5
    yield "truncated", f"head -c $(($(stat -c %s {good}) / 2)) {good} > {file}", 5
    yield "no live patch", f"cp {m.patch('stall-target')} {file}", 5
    yield "another release", f"sed 's/vermagic={release}/vermagic={release[:-1]}X/' {good} > {file}", 6
    yield "another pin", (f"cp {good} {file}; printf '[Patch]\\n[Kernel:%s]\\nSHA256=%064d\\n' {release} 0 "
                          f"> {pin}"), 5
    yield "unsafe", f"rm {pin}; cp {good} {file}; chmod 666 {file}", 5
    yield "a link", f"rm {file}; ln -s {good} {file}", 5


def case_of(m, kind, file, status):
    """lpctl why, which agrees with all other verbs (tests/cli/test_gate.py), predicts the load."""
    why = m.json("lpctl why lp-cmdline --json=short")
    m.equal(f"{kind}: why", (why["action"], why["exitStatus"], why["reason"].endswith(f"({file})")),
            ("fail", status, True))
    m.fails("lpctl load lp-cmdline", exit=status, says=why["reason"])


def case(m):
    m.boot()
    file, good = FILE.format(m.ok("uname -r").strip()), "/root/good.ko"
    m.write(f"{PATCHES}/lp-cmdline.conf", "[Patch]\nRequired=yes\n")
    m.ok(f"cp {m.patch('lp-cmdline')} {good}; mkdir -p {file.rsplit('/', 1)[0]} {PATCHES}/lp-cmdline.conf.d")
    for kind, command, status in unfit(m, file, good):
        m.ok(command)
        case_of(m, kind, file, status)

    m.fails("lpctl apply", exit=5)

    # The loaded build is not the installed one.
    m.ok(f"rm {file}; cp {good} {file}; lpctl load lp-cmdline; lpctl status --check")
    m.ok(f"{OTHER_BUILD} {file}")
    m.fails("lpctl status --check", exit=10, says="lp-cmdline")
    m.sees("lpctl metrics", "lpd_required_missing 1")
    patch = m.patch_status("lp-cmdline")
    m.equal("the builds", (patch["module"]["buildId"] == "42" * 20,
                           patch["kernelState"]["buildId"] != "42" * 20, patch["kernelState"]["installed"]),
            (True, True, False))
    m.fails("lpctl lock", exit=10, says="lp-cmdline")
    m.ok(f"cp {good} {file}; lpctl status --check")

    # Without its record it is unknown whether its probe succeeded.
    m.write(f"{PATCHES}/lp-cmdline.conf.d/50.conf", "[Patch]\nProbe=/bin/true\n")
    m.ok("lpctl unload lp-cmdline; lpctl load --wait lp-cmdline")
    m.wait_until("lpctl show lp-cmdline | grep -q 'probe *passed'", 30)
    m.ok("rm /run/lpd/lp-cmdline.json")
    m.sees("lpctl show lp-cmdline", "unknown")
    m.fails("lpctl lock", exit=10, says="not recorded")

    # A manifest that cannot be read, and the lock at boot.
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf", "[Lock]\nLock=settled\n")
    m.write(f"{PATCHES}/lp-cmdline.conf.d/60.conf", "[Patch]\nTiemout=1\n")
    m.ok("systemctl daemon-reload")
    m.fails("lpctl status --check", exit=10, says="lp-cmdline")
    m.fails("systemctl restart lpd-lock")
    m.sees("lpctl status", "required, but not loaded: lp-cmdline")
    m.equal("that it is locked", is_locked(m), False)
    m.ok(f"rm {PATCHES}/lp-cmdline.conf.d/[56]0.conf; systemctl daemon-reload; systemctl restart lpd-lock")
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled", 30)
