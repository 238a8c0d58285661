# SPDX-License-Identifier: LGPL-2.1-or-later
"""After the lock the status counts the loads that the kernel refuses, by whom the last was, and what was asked for."""


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.run("insmod /nosuch.ko; modprobe dummy; modprobe -r dummy")
    m.equal("what is counted before the lock", refused(m), None)
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf", "[Lock]\nModules=dummy\n")   # in time, and not refused
    m.ok("lpctl lock --wait")
    m.wait_until("test -e /run/lpd/refused-loads", 10)
    m.equal("what is counted at the lock", refused(m), {"count": 0, "last": None, "command": None, "requested": []})

    m.fails(f"insmod {m.patch('stall-target')}", says="Operation not permitted")
    m.wait_until("lpctl status | grep -q '1 load of modules refused since, the last one by insmod, '", 10)
    m.fails("modprobe vfat")
    m.wait_until("lpctl status | grep -q '2 loads of modules refused since, the last one by modprobe, '", 10)
    m.fails(f"perl -e '{INIT_MODULE}'", exit=1)   # EPERM
    m.wait_until("lpctl status | grep -q '3 loads of modules refused since, the last one by perl, '", 10)

    # The kernel itself asks modprobe for a file system.
    m.fails("mount -t vfat /dev/null /mnt")
    m.wait_until("lpctl status | grep -q 'the kernel asked for: .*fs-vfat'", 10)
    value = refused(m)
    m.equal("the count", value["count"] >= 4, True)
    m.equal("the last one", value["command"], "modprobe")
    m.contains("what was asked for", value["requested"], "fs-vfat")

    # A restart of the service forgets nothing, and leaves nothing attached twice.
    m.ok("systemctl restart lpd")
    m.equal("the record", refused(m), value)
    m.fails(f"insmod {m.patch('stall-target')}")
    m.wait_until(f"lpctl status | grep -q '{value['count'] + 1} loads of modules refused'", 10)
    m.ok("sleep 1")
    m.equal("the count", refused(m)["count"], value["count"] + 1)


INIT_MODULE = """$d = "x" x 64; $p = ""; exit(syscall(175, $d, 64, $p) ? $!+0 : 0)"""   # init_module(2)


def refused(m):
    return m.json("lpctl status --json=short")["lock"]["refused"]
