# SPDX-License-Identifier: LGPL-2.1-or-later
"""After a panic the crash kernel boots the same root file system with the same initramfs: no patch is
loaded in either, nothing is locked, lpd.service does not run, and the ledger stays as it is."""

PATCHES = {"lp-version": "initrd", "lp-uptime": "system"}
UNITS = "livepatch.target livepatch@lp-version livepatch@lp-uptime lpd lpd-guard lpd-bless lpd-lock"
LEDGER = "find /var/lib/lpd/ledger -type f -printf '%p %i %T@\\n' | sort"

BUSY = 240   # seconds for something that takes two on an idle host

# kexec_file_load(2) with KEXEC_FILE_ON_CRASH. The kernel adds elfcorehdr= by itself.
LOAD = """perl -e 'open K, "<", shift or die "$!"; open I, "<", shift or die "$!"; my $c = shift() . "\\0";
    syscall(320, fileno K, fileno I, length $c, $c, 2) == 0 or die "kexec_file_load: $!\\n"' """


def case(m):
    m.faults_allowed = True   # the panic
    m.boot()
    for name, stage in PATCHES.items():
        m.ok(f"lpctl install --no-load --no-rebuild --stage={stage} {m.patch(name)}")
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf", "[Lock]\nLock=settled\n")
    image = m.make_initramfs()
    m.push(image.with_suffix(".zst"), "/root/initrd")
    m.reboot(initramfs=image, cmdline="crashkernel=192M", timeout=BUSY)
    m.wait_until("grep -q 1 /proc/sys/kernel/modules_disabled", 30)
    m.equal("the patches", m.ok("ls /sys/kernel/livepatch").split(), ["lp_uptime", "lp_version"])
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "initrd")

    ledger = m.ok(LEDGER)
    m.equal("the builds on trial", len(ledger.splitlines()), len(PATCHES))

    arguments = "$(sed 's/crashkernel=[^ ]*//' /proc/cmdline) nr_cpus=1 reset_devices"
    m.ok(f"""{LOAD} /boot/vmlinuz-$(uname -r) /root/initrd "{arguments}"; sync""", timeout=BUSY)
    m.crash(BUSY)
    m.ok("test -s /proc/vmcore && grep -q elfcorehdr= /proc/cmdline")
    m.equal("the patches", m.ok("ls /sys/kernel/livepatch").split(), [])
    m.equal("that modules are locked", m.ok("cat /proc/sys/kernel/modules_disabled").strip(), "0")
    m.equal("the units", set(m.run(f"systemctl is-active {UNITS}")[1].split()), {"inactive"})
    m.equal("the ledger", m.ok(LEDGER), ledger)
    for name in PATCHES:
        m.equal(name, m.state(name), "skipped")
    m.sees("lpctl status", "this is a crash kernel")
