# SPDX-License-Identifier: LGPL-2.1-or-later
"""Patches without a manifest: loaded from a file, by insmod, disabled by hand; the status is
correct, also for users without privileges."""


def case(m):
    m.boot()
    m.ok(f"lpctl load --wait=30 {m.patch('lp-cmdline')}")
    m.equal("loaded from a file", m.state("lp-cmdline"), "active")
    m.sees("lpctl status", "a reboot forgets it")
    m.ok(f"insmod {m.patch('lp-uptime')}")
    m.equal("loaded by insmod", m.state("lp-uptime"), "active")
    m.ok("setpriv --reuid=65534 --regid=65534 --clear-groups lpctl status --json=short | jq -e '.patches | length == 2'")
    m.fails(f"setpriv --reuid=65534 --regid=65534 --clear-groups lpctl load {m.patch('lp-version')}", exit=4)
    m.fails("setpriv --reuid=65534 --regid=65534 --clear-groups lpctl unload lp-cmdline", exit=4)
    m.ok(f"lpctl unload {m.patch('lp-cmdline')}")
    # does not stop the others
    m.fails("lpctl unload lp-uptimo lp-uptime", exit=3, says="there is no patch lp-uptimo")
    m.ok("test -z \"$(ls /sys/kernel/livepatch)\"")
    m.equal("nothing to do", m.json("lpctl unload lp-cmdline --json=short")["changed"], False)

    # The files that kpatch has left are imported.
    m.ok(f"install -D {m.patch('lp-version')} /var/lib/kpatch/{m.kernel}/lp-version.ko")
    m.ok("lpctl import-kpatch")
    # With --root= and in a chroot files are only installed.
    m.ok(f"mkdir -p /run/root/etc/lpd && cp -r /etc/lpd/lpd.conf.d /run/root/etc/lpd/")
    m.ok(f"lpctl --root=/run/root install {m.patch('lp-cmdline')}")
    m.ok(f"test -e /run/root/var/lib/lpd/modules/{m.kernel}/lp-cmdline.ko -a ! -e /sys/module/lp_cmdline")
    m.reboot()
    m.equal("taken over from kpatch", m.state("lp-version"), "active")
    m.fails("lpctl status lp-cmdline", exit=3)
