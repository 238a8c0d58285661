# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which ends of a boot count: a soft-reboot ends none, so the attempt stays as it is; systemctl kexec is an
orderly end; a kexec without it is a crash, and the next kernel is another boot. A boot with lpd=0 or lpd.skip=
leaves the ledger as it is."""
from bench import ledger

MACHINES = ("13", "testing")

NAME = "lp-cmdline"

# kexec_file_load(2) without flags, then reboot(2) as kexec -e calls it.
LOAD = """perl -e 'open K, "<", shift or die "$!"; open I, "<", shift or die "$!"; my $c = shift() . "\\0";
    syscall(320, fileno K, fileno I, length $c, $c, 0) == 0 or die "kexec_file_load: $!\\n"' \
    /boot/vmlinuz-$(uname -r) /root/initrd "$(cat /root/cmdline)" """
EXECUTE = "perl -e 'syscall(169, 0xfee1dead, 672274793, 0x45584543, 0)'"


def case(m):
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", "[Guard]\nConfirmSec=3600\n")
    m.ok("cp /proc/cmdline /root/cmdline")
    m.push(m.initramfs, "/root/initrd")
    m.ok(f"lpctl install --wait=30 {m.patch(NAME)}")
    first = ledger.this_boot(m)
    before = files(m)
    m.soft_reboot()
    m.equal("the boot", ledger.this_boot(m), first)
    m.equal("the attempts after a soft-reboot", ledger.boots(m, NAME), [first])
    m.equal("what it wrote", files(m), before)

    m.ok(LOAD)
    m.equal("boots", m.resets("systemctl kexec"), 1)
    second = ledger.this_boot(m)
    m.equal("the attempts after systemctl kexec", (ledger.boots(m, NAME), second != first), ([second], True))
    m.ok(f"{LOAD}; sync")
    m.equal("boots", m.resets(EXECUTE), 1)
    m.equal("the attempts after a kexec without systemd", ledger.boots(m, NAME), [second, ledger.this_boot(m)])
    m.sees(f"lpctl why {NAME}", "on trial: 1 of MaxAttempts=2 boots ended without an orderly shutdown")
    left_alone(m)


def left_alone(m):
    """A power cut first, as an orderly end takes all back."""
    m.ok("sync")
    before = files(m)
    m.power_cut()
    for switch in ("lpd=0", f"lpd.skip={NAME}"):
        m.boot(cmdline=switch)
        m.equal(f"the state with {switch}", m.state(NAME), "skipped")
        m.equal(f"the ledger with {switch}", files(m), before)
        m.shutdown()
    m.boot()
    m.equal("the ledger afterwards", m.state(NAME), "quarantined")


def files(m):
    return m.ok("find /var/lib/lpd/ledger -type f -printf '%p %i %T@\\n' | sort")
