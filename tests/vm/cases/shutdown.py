# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shutdown unloads nothing: the machine stays patched to the end."""

from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE

HOOK = """#!/bin/sh
echo "at the end: $(cat /proc/uptime)" >/dev/console
"""


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-uptime')}")
    m.write("/usr/lib/systemd/system-shutdown/say", HOOK, mode=0o755)
    console = m.console
    m.reboot()
    m.contains("the console", console.read_text(errors="replace"),
               "at the end: this has been live patched by lp-uptime")
    m.sees("cat /proc/uptime", "live patched")
    m.ok("test -z \"$(journalctl -b -1 MESSAGE_ID=387f33bccbd3462ba667854ccb4dd61d -q)\"")
