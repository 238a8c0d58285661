# SPDX-License-Identifier: LGPL-2.1-or-later
"""A build is confirmed after ConfirmSec=, and later boots write nothing. A kernel fault in a patch's
code quarantines that build and no other, in the same boot or at the next one, by what the kernel left
in the firmware's variables."""

CONFIRMED = "MESSAGE_ID=3794391c5a924162a0f35ce64aca6cff"
QUARANTINED = "MESSAGE_ID=f0bf66904b2b42b5a4caa0fc23190856"
FAULT = "MESSAGE_ID=8248d2f9dd8341b59e5794e0ee944c41"
PATCHES = ("lp-fault", "lp-uptime")


def case(m):
    m.faults_allowed = True
    m.boot(secure_boot=False)
    policy(m, "")
    # lpd-guard.service loads efi_pstore by this unit, which the bench masks to save time.
    m.ok("rm -f /etc/systemd/system/modprobe@.service; systemctl daemon-reload; modprobe efi_pstore")
    m.ok("lpctl install " + " ".join(m.patch(name) for name in PATCHES))
    confirmed(m)
    m.equal("the events", sorted(event["LPD_PATCH"] for event in m.journal(CONFIRMED)), sorted(PATCHES))
    before = files(m)
    m.reboot()
    m.wait_until("systemctl show -P Result lpd-bless | grep -q success;"
                 " ! systemctl is-active --quiet lpd-bless && systemctl is-active --quiet multi-user.target")
    m.equal("what a boot of confirmed builds writes", files(m), before)

    warns(m)
    reverts(m)
    panics(m)


def policy(m, keys):
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", f"[Guard]\nConfirmSec=5\n{keys}")


def record(m, name):
    for path in m.ok("ls /var/lib/lpd/ledger/*/*.json").split():
        build = m.json(f"cat {path}")
        if build["name"] == name:
            return path, build
    return None, None


def files(m):
    return m.ok("find /var/lib/lpd/ledger /var/lib/lpd/judged.json -printf '%p %i %T@\\n' 2>/dev/null | sort")


def confirmed(m):
    m.wait_until("test $(cat /var/lib/lpd/ledger/*/*.json | grep -o '\"state\":\"confirmed\"' | wc -l) = 2", 60)
    for name in PATCHES:
        m.equal(name, [record(m, name)[1][key] for key in ("state", "stage", "attempts")],
                ["confirmed", "system", []])


def cause(m, number):
    m.ok(f"echo {number} >/sys/module/lp_fault/parameters/fault")
    m.run("cat /proc/version")


def quarantined(m, reason, text):
    m.wait_until("grep -q quarantined /var/lib/lpd/ledger/*/*.json", 30)
    build = record(m, "lp-fault")[1]
    m.equal("the reason", (build["state"], build["reason"]), ("quarantined", reason))
    m.contains("the excerpt", build["excerpt"], text)
    m.contains("the excerpt", build["excerpt"], "[lp_fault]")
    m.equal("the innocent one", record(m, "lp-uptime")[1]["state"], "confirmed")
    m.wait_until(f"journalctl -b {QUARANTINED} | grep -q lp-fault")
    m.contains("the event", m.journal(QUARANTINED)[-1]["MESSAGE"], f"lp-fault: quarantined: {reason}")


def forget(m):
    m.ok(f"rm {record(m, 'lp-fault')[0]}; echo 0 >/sys/module/lp_fault/parameters/fault || true")


def warns(m):
    cause(m, 1)
    quarantined(m, "kernel fault (warning) in the patch's code, in this boot", "WARNING: ")
    m.ok("test -e /sys/kernel/livepatch/lp_fault")
    forget(m)


def reverts(m):
    policy(m, "OnFault=revert\n")
    cause(m, 2)
    reason = "kernel fault (oops) in the patch's code, in this boot"
    quarantined(m, reason, "BUG: kernel NULL pointer dereference")
    m.wait_until("test ! -e /sys/kernel/livepatch/lp_fault", 30)
    m.wait_until("systemctl is-failed livepatch@lp-fault", 30)
    m.sees("systemctl status livepatch@lp-fault || true", reason)
    m.contains("the patch", m.patch_status("lp-fault")["reason"], reason)
    m.equal("the innocent one", m.state("lp-uptime"), "active")
    forget(m)
    policy(m, "")
    m.ok("lpctl load --wait lp-fault")
    confirmed(m)


def panics(m):
    m.reboot()   # after an oops a panic shows no call trace (Linux: kernel/panic.c)
    m.ok("sync; echo 3 >/sys/module/lp_fault/parameters/fault")
    m.background("cat /proc/version")
    m.wait_console("Kernel panic - not syncing: lp-fault")
    m.wait_end()
    m.boot()
    m.ok("ls /sys/fs/pstore/dmesg-efi*")
    quarantined(m, "kernel fault (panic) in what the patch's code called, in an earlier boot",
                "Kernel panic - not syncing: lp-fault")
    m.ok("ls /sys/fs/pstore/dmesg-efi*")
    before = files(m)
    m.ok("/usr/lib/lpd/lpd judge")
    m.equal("what was judged once", files(m), before)
