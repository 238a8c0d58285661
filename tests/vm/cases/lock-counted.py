# SPDX-License-Identifier: LGPL-2.1-or-later
"""After the lock the status shows the number of loads that the kernel has refused, the program of
the last one, and the requested modules."""

RECORD = "/run/lpd/refused-loads"
KEPT = "systemctl show --property=NFileDescriptorStore lpd"


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.run("insmod /nosuch.ko; modprobe dummy; modprobe -r dummy")
    m.equal("what is counted before the lock", refused(m), None)
    m.fails(f"test -e {RECORD}")
    # loaded in time, and not refused
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf", "[Lock]\nModules=dummy\n")
    m.ok("lpctl lock --wait")
    m.wait_until(f"test -e {RECORD}", 10)
    m.equal("what is counted at the lock", refused(m), {
        "count": 0, "last": None, "command": None, "uid": None, "requested": [], "requestedByUsers": []})

    began = now(m)
    m.fails(f"insmod {m.patch('stall-target')}", says="Operation not permitted")
    status_says(m, 1, "insmod")
    m.fails("modprobe vfat")
    status_says(m, 2, "modprobe")
    m.fails(f"perl -e '{INIT_MODULE}'", exit=1)   # EPERM
    status_says(m, 3, "perl")

    # The kernel itself makes modprobe load a file system.
    m.fails("mount -t vfat /dev/null /mnt")
    m.wait_until("lpctl status | grep -q 'the kernel asked for: .*fs-vfat'", 10)
    status_says(m, 4, "modprobe")
    value = refused(m)
    m.equal("that the time of the last one is told", began < (value["last"] or 0) <= now(m), True)
    m.equal("what was asked for", value["requested"], ["fs-vfat"])

    m.equal("that the status tells the time as people read it",
            m.ok("lpctl status | grep -c 'the last one by modprobe, 20[0-9-]* [0-9:]* (.* ago)$'").strip(), "1")
    others(m, value)
    restart(m, refused(m))
    heard_late(m)


def others(m, before):
    """A process that may not load modules is not counted, and what it makes the kernel request is
    listed separately."""
    m.fails(as_nobody(FINIT_MODULE), exit=1)
    m.ok(as_nobody(PROTOCOLS))
    m.wait_until("lpctl status | grep -q 'asked for users other than root for: net-pf-2-proto-200-type-2 '", 10)
    after = refused(m)
    m.equal("how much of what only users asked for is kept", len(after.pop("requestedByUsers")), 20)
    m.equal("what is told of root", after, {k: v for k, v in before.items() if k != "requestedByUsers"})


def as_nobody(program):
    return f"setpriv --reuid=65534 --regid=65534 --clear-groups perl -e '{program}'"


def restart(m, value):
    """A restart of the service loses nothing, and leaves no program attached twice."""
    kept = m.ok(KEPT)
    m.ok("systemctl restart lpd")
    m.equal("the record", refused(m), value)
    m.equal("what systemd keeps", m.ok(KEPT), kept)
    m.fails(f"insmod {m.patch('stall-target')}")
    status_says(m, value["count"] + 1, "insmod")
    m.ok("sleep 1")
    m.equal("the count", refused(m)["count"], value["count"] + 1)


def heard_late(m):
    """Events before and after the lock are told apart, even if they arrive late."""
    m.reboot()
    m.ok("systemctl kill --signal=STOP lpd")
    m.ok("lpctl lock --wait")
    m.fails(f"insmod {m.patch('stall-target')}")
    m.ok("systemctl kill --signal=CONT lpd")
    m.wait_until(f"test -e {RECORD}", 10)
    m.ok("sleep 1")
    value = refused(m)
    m.equal("what is counted", (value["count"], value["command"]), (1, "insmod"))


INIT_MODULE = """$d = "x" x 64; $p = ""; exit(syscall(175, $d, 64, $p) ? $!+0 : 0)"""   # init_module(2)


# finit_module(2), and sockets of protocols for which the kernel requests a module; a process can
# have any name.
FINIT_MODULE = """$0 = "systemd-udevd"; $p = ""; syscall(313, -1, $p, 0) for 1..300; exit($!+0)"""
PROTOCOLS = """socket(S, 2, 2, $_) for 200..220; exit 0"""


def status_says(m, count, command):
    loads = "1 load" if count == 1 else f"{count} loads"
    says = f" {loads} of modules refused since, the last one by {command}, "
    m.wait_until(f"lpctl status | grep -q '{says}'", 10)


def refused(m):
    return m.json("lpctl status --json=short")["lock"]["refused"]


def now(m):
    """In microseconds."""
    return int(m.ok("date +%s%6N"))
