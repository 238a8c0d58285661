# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hints work on a running machine: the case does what each hint says, and then the verb
succeeds."""
import json
import re


def case(m):
    m.boot()
    m.ok("systemctl stop systemd-timesyncd 2>/dev/null; true")
    tracing(m)
    where_only_root_can_write(m)
    another_build(m)
    parameters(m)
    another_kernel(m)
    small_run(m)
    lock(m)


def hint(m, command, pattern):
    """The groups of the pattern, which must match the hint completely."""
    status, said = m.run(f"{command} --json=short")
    found = json.loads(said.strip().splitlines()[-1])["error"]["hint"] or ""
    match = re.fullmatch(pattern, found)
    m.equal(f"the hint of {command}, status {status}: {found}", bool(match), True)
    return match.groups()


def tracing(m):
    m.ok("sysctl kernel.ftrace_enabled=0")
    load = f"lpctl load {m.patch('lp-cmdline')}"
    command, = hint(m, load, r"(sysctl kernel\.ftrace_enabled=1)")
    m.ok(command)
    m.ok(load)
    m.ok("lpctl unload lp-cmdline")


def where_only_root_can_write(m):
    m.ok(f"mkdir -p /tmp/x && cp {m.patch('lp-cmdline')} /tmp/x/")
    command, = hint(m, "lpctl load /tmp/x/lp-cmdline.ko", "put it where only root can write: (lpctl install) does")
    m.ok(f"{command} /tmp/x/lp-cmdline.ko")
    m.ok("lpctl remove lp-cmdline")
    m.ok(f"mkdir -p /srv/x && cp {m.patch('lp-cmdline')} /srv/x/ && chmod 666 /srv/x/lp-cmdline.ko && chown 1:1 /srv/x")
    for pattern in ("(chmod go-w '.*')", "(chown root:root '.*')"):
        m.ok(hint(m, "lpctl load /srv/x/lp-cmdline.ko", pattern)[0])
    m.ok("lpctl load /srv/x/lp-cmdline.ko; lpctl unload /srv/x/lp-cmdline.ko")


def another_build(m):
    """By the kernel's name, a patch is unloaded together with its unit, whatever its own name
    is."""
    m.ok(f"lpctl install --wait=20 --name=fix-a {m.patch('lp-cmdline')}; cp {m.patch('lp-cmdline')} /root/lp-cmdline.ko")
    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         "-i /root/lp-cmdline.ko")
    command, = hint(m, "lpctl load /root/lp-cmdline.ko", "unload it first: '(lpctl unload lp_cmdline)'")
    m.ok(command)
    m.equal("its unit", m.run("systemctl is-active livepatch@fix-a")[1].strip(), "inactive")
    m.ok("lpctl load /root/lp-cmdline.ko; lpctl unload lp-cmdline; lpctl remove fix-a")


def parameters(m):
    m.ok(f"insmod {m.patch('stall-target')}; lpctl install --no-load {m.patch('lp-stall')}")
    line, = hint(m, "lpctl load lp-stall hold=0", "write them into its manifest: (Parameters=hold=0)")
    m.ok(f"echo {line} >>/etc/lpd/patches.d/lp-stall.conf; lpctl load --wait=20 lp-stall; lpctl remove lp-stall")


def another_kernel(m):
    option, = hint(m, f"lpctl install {m.patch('lp-wrong-release')}", r"to install it for that kernel: (--kernel=\S+)")
    m.ok(f"lpctl install --no-rebuild {option} {m.patch('lp-wrong-release')}; lpctl remove lp-wrong-release")


def small_run(m):
    """With less than 16 MB free in /run systemd does not reload its configuration."""
    m.ok(f"lpctl install --no-load {m.patch('lp-uptime')}; mount -o remount,size=12M /run")
    command, = hint(m, "lpctl load lp-uptime", r"delete files in /run, or enlarge it: (mount -o remount,size=\S+ /run)")
    m.fails("lpctl load lp-uptime", exit=1, says="too little space is free in /run")
    m.ok(f"{command}; lpctl load --wait=20 lp-uptime; lpctl remove lp-uptime")


def lock(m):
    m.ok(f"lpctl install --no-load {m.patch('lp-version')}; echo Required=yes >>/etc/lpd/patches.d/lp-version.conf")
    command, = hint(m, "lpctl lock", "find out why: (lpctl why lp-version)")
    m.ok(command)
    m.ok("lpctl load --wait=20 lp-version; touch /etc/lpd/disable")
    hint(m, "lpctl lock", "remove it first")
    m.ok("rm /etc/lpd/disable; printf '[Lock]\\nLcok=no\\n' >/etc/lpd/lpd.conf.d/99-x.conf")
    command, = hint(m, "lpctl lock", "check it: (lpctl lint)")
    m.fails(command, exit=78, says="99-x.conf")
    m.ok("echo '[Lock]' >/etc/lpd/lpd.conf.d/99-x.conf; lpctl lock --wait=20")
    m.sees("cat /proc/sys/kernel/modules_disabled", "1")
