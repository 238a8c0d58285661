# SPDX-License-Identifier: LGPL-2.1-or-later
"""When a program other than lpd disables a patch, that is detected at once: journal, status and
unit show it, and name the program."""

from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE

SWITCHED_OFF = "MESSAGE_ID=1ab0f8b0b9da4a8c8101ee1ca45c89a2"


def case(m):
    m.boot()
    for name in ("lp-cmdline", "lp-uptime", "lp-version"):
        m.ok(f"lpctl install {m.patch(name)}")
    m.reboot()
    by_a_script(m)
    by_lpd(m)
    by_what_only_reads(m)
    m.ok("systemctl restart lpd")
    again(m)
    by_another_sysfs(m)
    anybody_opens(m)
    locked(m)


def by_a_script(m):
    m.write("/root/stray.sh", "#!/bin/sh\necho 0 >/sys/kernel/livepatch/lp_uptime/enabled\n", mode=0o755)
    m.ok("/root/stray.sh")
    m.wait_until("journalctl -b " + SWITCHED_OFF + " | grep -q lp-uptime", 10)
    event = m.journal(SWITCHED_OFF)[0]
    m.equal("the patch", (event["LPD_PATCH"], event["LPD_COMMAND"], event["LPD_USER"]),
            ("lp-uptime", "/bin/sh /root/stray.sh", "root"))
    m.contains("the message", event["MESSAGE"],
               f"lp-uptime: disabled by stray.sh (pid {event['LPD_PID']}) of root, not by lpd")
    m.wait_until("systemctl is-failed livepatch@lp-uptime", 30)
    m.sees("systemctl status livepatch@lp-uptime || true", "disabled by stray.sh")
    status = m.patch_status("lp-uptime")
    m.equal("the state", (status["state"], status["reason"]),
            ("disabled", event["MESSAGE"].removeprefix("lp-uptime: ")))
    m.sees("lpctl status", "disabled by stray.sh")
    m.sees("lpctl log", "disabled by stray.sh")
    m.ok("lpctl load --wait lp-uptime")
    m.equal("the state", m.state("lp-uptime"), "active")


def by_lpd(m):
    """lpd's own changes are not reported, whether by hand or by a unit."""
    for command in ("lpctl unload lp-version", "lpctl load --wait lp-version",
                    "systemctl stop livepatch@lp-version", "systemctl start livepatch@lp-version",
                    "lpctl disable --now lp-version", "lpctl enable --now lp-version"):
        m.ok(command)
    m.ok(f"lpctl load --wait {m.patch('lp-cumul-1')}")   # it replaces all of them
    m.ok("lpctl unload lp-cumul-1; lpctl apply")
    m.ok("sleep 12")
    m.equal("the events", len(m.journal(SWITCHED_OFF)), 1)


def by_what_only_reads(m):
    m.ok("for i in 1 2 3 4 5; do cat /sys/kernel/livepatch/*/enabled; lpctl status; done >/dev/null")
    m.fails("echo 1 >/sys/kernel/livepatch/lp_version/enabled")   # EINVAL: it is enabled already
    m.ok("sleep 1; lpctl unload lp-version && sleep 12 && lpctl load --wait lp-version")
    m.equal("the events", len(m.journal(SWITCHED_OFF)), 1)


def again(m):
    """The same patch again, and by a program that keeps its switch open."""
    m.ok("exec 3>/sys/kernel/livepatch/lp_uptime/enabled; sleep 1; echo 0 >&3")
    m.wait_until(f"test $(journalctl -b -o cat {SWITCHED_OFF} | wc -l) = 2", 10)
    m.equal("the patch", m.journal(SWITCHED_OFF)[1]["LPD_PATCH"], "lp-uptime")


def by_another_sysfs(m):
    """Each network namespace has a sysfs of its own, which is also what a service with
    PrivateNetwork= sees."""
    m.ok("unshare -n -m sh -c "
         "'mount -t sysfs sysfs /mnt; echo 0 >/mnt/kernel/livepatch/lp_version/enabled; :'")
    m.wait_until(f"test $(journalctl -b -o cat {SWITCHED_OFF} | wc -l) = 3", 20)
    event = m.journal(SWITCHED_OFF)[2]
    m.contains("the message", event["MESSAGE"], f"lp-version: disabled by sh (pid {event['LPD_PID']}) of root")


OPEN = "open(F, q(<), q(/sys/kernel/livepatch/lp_cmdline/enabled)); close(F)"
NOBODY = "timeout 4 setpriv --reuid=65534 --regid=65534 --clear-groups"


def anybody_opens(m):
    """A user who opens switches without end costs lpd.service little, with one process or with
    many."""
    for loop in (f"{NOBODY} perl -e 'while (1) {{ {OPEN} }}'",
                 f"{NOBODY} perl -e 'while (1) {{ if (!fork) {{ {OPEN}; exit }} wait }}'"):
        before = cpu_time(m)
        m.fails(loop, exit=124)
        used = cpu_time(m) - before
        m.equal(f"that a third of the time is the most that it costs ({used:.1f} of 4 s)", used < 1.3, True)
    m.equal("the state", m.state("lp-cmdline"), "active")


def cpu_time(m):
    """Of lpd.service, in seconds."""
    ticks = m.ok("cut -d' ' -f14,15 /proc/$(systemctl show --value -p MainPID lpd)/stat").split()
    return sum(map(int, ticks)) / 100


def locked(m):
    m.ok("lpctl lock --wait")
    m.ok("/bin/sh -c 'echo 0 >/sys/kernel/livepatch/lp_cmdline/enabled; :'")
    m.wait_until(f"test $(journalctl -b -o cat {SWITCHED_OFF} | wc -l) = 4", 10)
    m.wait_until("systemctl is-failed livepatch@lp-cmdline", 30)
    m.sees_not("cat /proc/cmdline", "live patched")
    status = m.patch_status("lp-cmdline")
    m.equal("the state", status["state"], "disabled")
    m.contains("the reason", status["reason"], "of root, not by lpd; modules are locked, so it cannot be loaded again")
