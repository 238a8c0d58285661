# SPDX-License-Identifier: LGPL-2.1-or-later
"""kpatch(1): a patch is in effect when load returns and removed when unload returns, is loaded at boot
once it is installed, and is refused where lpd refuses it. kpatch.service is lpd.service."""


def case(m):
    m.boot()
    refused(m)
    by_path(m)
    stalled(m)
    m.ok("systemctl disable lpd && systemctl enable kpatch")
    m.sees("systemctl is-enabled lpd", "enabled")
    m.sees(f"kpatch install {m.patch('lp-version')}", f"installing {m.patch('lp-version')} ({m.kernel})")
    m.fails(f"kpatch install {m.patch('lp-version')}", exit=1, says="is already installed")
    m.ok(f"cmp {m.patch('lp-version')} /var/lib/kpatch/{m.kernel}/lp-version.ko")
    m.sees("lpctl why lp-version", f"/var/lib/kpatch/{m.kernel}/lp-version.ko")
    is_ordered = after(m, "kpatch.service")
    is_not_ordered = after(m, "nosuch.service")
    m.reboot()
    m.sees("cat /proc/version", "live patched")
    m.ok(f"systemctl is-active {is_ordered} kpatch")
    m.sees(f"systemctl is-active {is_not_ordered} || true", "failed")
    m.equal("the list", m.ok("kpatch list"), "Loaded patch modules:\nlp_version [enabled]\n\n"
                                             f"Installed patch modules:\nlp_version ({m.kernel})\n")
    by_name(m)


def after(m, unit):
    """A unit that starts as early as it may, after that one, and fails if the patch is not loaded then, which
    takes a while."""
    m.write("/etc/systemd/system/livepatch@.service.d/slow.conf", "[Service]\nExecStartPre=sleep 2\n")
    m.write(f"/etc/systemd/system/after-{unit}",
            f"[Unit]\nDefaultDependencies=no\nAfter={unit}\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
            "ExecStart=grep -q 'live patched' /proc/version\n[Install]\nWantedBy=sysinit.target\n")
    m.ok(f"systemctl enable after-{unit}")
    return f"after-{unit}"


def refused(m):
    """Under the default policy, with lpd's reason."""
    m.ok("mkdir -p /run/lpd/lpd.conf.d && printf '[Trust]\\nSignature=required\\n' >/run/required.conf")
    m.ok("mount --bind /run/required.conf /etc/lpd/lpd.conf.d/10-bench.conf")
    m.fails(f"kpatch load {m.patch('lp-cmdline')} 2>&1 >/dev/null", exit=1, says="unsigned")
    m.fails(f"kpatch load {m.patch('lp-cmdline')}", exit=1, says="kpatch: failed to load module")
    m.ok("umount /etc/lpd/lpd.conf.d/10-bench.conf && rmdir /run/lpd/lpd.conf.d")
    m.ok("test ! -e /sys/module/lp_cmdline")


def by_path(m):
    m.sees(f"kpatch load {m.patch('lp-cmdline')}", f"loading patch module: {m.patch('lp-cmdline')}")
    m.equal("its transition", m.ok("cat /sys/kernel/livepatch/lp_cmdline/transition").strip(), "0")
    m.sees("cat /proc/cmdline", "live patched")
    m.sees(f"kpatch load {m.patch('lp-cmdline')}", "module named lp_cmdline already loaded and enabled")
    m.ok(f"kpatch load {m.patch('lp-uptime')}")
    m.sees("kpatch unload lp-cmdline.ko", "unloading patch module: lp_cmdline")
    m.ok("test ! -e /sys/module/lp_cmdline")
    m.ok("kpatch unload --all && test ! -e /sys/module/lp_uptime")
    m.fails("kpatch unload lp_uptime", exit=1, says="is not loaded")


def stalled(m):
    """Two words in a line, and the patch is gone when load gives up. An interrupted load leaves it."""
    m.ok(f"insmod {m.patch('stall-target')} hold=1")
    m.background("exec cat /proc/lpd-stall")
    m.wait_until("pgrep -fx 'cat /proc/lpd-stall'", 10)
    m.fails(f"timeout -s INT 3 kpatch load {m.patch('lp-stall')}", exit=124)
    m.sees("kpatch list", "lp_stall [enabling...]")
    m.equal("lines of other than two words",
            m.ok("kpatch list | grep -v modules: | awk 'NF && NF != 2'").strip(), "")
    m.ok("kpatch unload --all && test ! -e /sys/module/lp_stall")
    m.ok("echo 0 >/sys/module/stall_target/parameters/hold")


def by_name(m):
    m.sees("kpatch unload lp-version", "unloading patch module: lp_version")
    m.sees_not("cat /proc/version", "live patched")
    m.sees("kpatch load lp_version", f"loading patch module: /var/lib/kpatch/{m.kernel}/lp-version.ko")
    m.sees("cat /proc/version", "live patched")
    m.ok("systemctl is-active livepatch@lp-version")
    m.ok("kpatch uninstall lp_version.ko")
    m.ok("test ! -e /var/lib/kpatch")
    m.sees("kpatch list", "lp_version [enabled]")
