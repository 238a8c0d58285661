# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ctrl-C, a closed terminal and SIGTERM during an install: one sentence says what is installed,
loaded and pending, and that is true. Long work reports its progress, in place on a terminal."""

import re

from bench.scenes import hold, release


def interrupt(m, command, signal, after, status):
    """Runs the command on a terminal, sends the signal when it prints a text, and returns all of
    its output. A shell starts background jobs with SIGINT ignored."""
    m.fails(f"""rm -f /run/shown
        env --default-signal=INT script -qefc "{command}" /run/shown >/dev/null &
        terminal=$!
        until grep -q "{after}" /run/shown; do sleep 0.2; done
        kill -{signal} $(pgrep -x lpctl)
        wait $terminal""", exit=status, timeout=90)
    return m.ok("cat /run/shown")


def case(m):
    m.boot(smp=2)
    m.write("/etc/lpd/patches.d/lp-cmdline.conf", "[Patch]\n")
    hold(m)

    # While it waits for the transition.
    shown = interrupt(m, f"lpctl install --wait {m.patch('lp-stall')}", "INT", "Waiting.*blocked by", 8)
    m.equal(f"the progress, in place: {shown!r}", bool(re.search(
        r"\r\x1b\[KWaiting for the transition of lp-stall \(\d+ s, blocked by 1 task\)", shown)), True)
    last = " ".join(shown.split("\x1b[K")[-1].split())
    m.contains("the sentence", last, "lpctl: interrupted by SIGINT: lp-stall: installed for")
    m.contains("the sentence", last, "; loaded, transition not finished; lp_stall: the transition")
    m.equal("the state", m.state("lp-stall"), "transition")
    m.sees("systemctl is-active livepatch@lp-stall", "active")

    # While another patch blocks the load: everything stays as it was.
    before = m.ok("find /etc/lpd /var/lib/lpd/modules | sort")
    shown = interrupt(m, f"lpctl install {m.patch('lp-cmdline')}", "TERM", "Loading lp-cmdline", 8)
    m.contains("the sentence", " ".join(shown.split()), "lpctl: interrupted by SIGTERM:")
    m.equal("the files", m.ok("find /etc/lpd /var/lib/lpd/modules | sort"), before)
    m.sees_not("systemctl is-active livepatch@lp-cmdline || :", "activating")

    # Line by line in a pipe, and not at all with -q.
    m.fails(f"lpctl install --wait=3 -q {m.patch('lp-stall')} 2>&1 | grep Waiting", exit=1)
    m.sees(f"lpctl install --wait=4 {m.patch('lp-stall')} 2>&1 | cat",
           "s, blocked by 1 task)\n")

    # While the image is being built.
    m.write("/usr/local/sbin/update-initramfs", "#!/bin/sh\nsleep 60\n")
    m.ok("chmod +x /usr/local/sbin/update-initramfs; mv /usr/sbin/update-initramfs /root; "
         "cp /usr/local/sbin/update-initramfs /usr/sbin")
    shown = interrupt(m, f"lpctl install --no-load --stage=initrd {m.patch('lp-version')}", "HUP", "Rebuilding", 1)
    sentence = " ".join(shown.split())
    m.contains("the sentence", sentence, "interrupted by SIGHUP: lp-version: installed for")
    m.contains("the sentence", sentence, f"the rebuild of the initramfs for {m.kernel} was stopped, so it is outdated")
    m.ok("test -e /var/lib/lpd/modules/*/lp-version.ko; ! pgrep -f update-initramfs")
    release(m)
