# SPDX-License-Identifier: LGPL-2.1-or-later
"""Power cuts at random moments of a boot with a patch on trial, of its confirmation and of the shutdown, fewer
than MaxAttempts= in a row: the patch is never quarantined, no record is half written, and a confirmation that
was told of remains. How many: $LPD_CUTS. tests/unit/guard/guard-cuts.c has many more, without a machine."""
import itertools
import os
import time

from bench import ledger

NAME = "lp-cmdline"
CUTS = int(os.environ.get("LPD_CUTS", "3"))
CONFIRM = f"lpctl bless {NAME} && echo told >/dev/console"


def case(m):
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", "[Guard]\nConfirmSec=3600\nMaxAttempts=4\n")
    m.ok(f"lpctl install --wait=30 {m.patch(NAME)}; sync")
    begin = time.monotonic()
    m.reboot()
    durations = {"boot": time.monotonic() - begin, "confirmation": 1, "shutdown": 2}
    moments = itertools.cycle(durations)
    for number in range(CUTS):
        moment = next(moments)
        seconds = m.random.uniform(0, durations[moment])
        told = cut(m, moment, seconds)
        m.boot()
        is_sound(m, f"cut {number + 1}, {seconds:.2f} s into {moment}", told)


def cut(m, moment, seconds):
    """Whether the confirmation was told of by then. The first moment comes after an orderly shutdown."""
    if moment == "boot":
        m.shutdown()
        m.boot(wait=False)
    elif moment == "shutdown":
        m.background("sleep 0.1; systemctl poweroff")
    else:
        m.background(CONFIRM)
    time.sleep(seconds)
    m.power_cut()
    return "told" in m.console.read_text(errors="replace")


def is_sound(m, when, told):
    known = ledger.record(m, NAME)   # which fails if it is half written
    states = ["confirmed"] if told else ["confirmed", "trial"]
    m.equal(f"{when}: that the state is one of {states}", (known["state"] in states, known["state"]),
            (True, known["state"]))
    m.equal(when, m.json("lpctl ledger --json=short")["invalid"], 0)
    m.equal(f"{when}: the patch", m.state(NAME), "active")
    m.sees("cat /proc/cmdline", "live patched")
    if known["state"] == "confirmed":
        m.equal(f"{when}: the attempts", known["attempts"], [])
        m.ok(f"lpctl unload {NAME} && rm {ledger.path(m, NAME)} && lpctl load --wait=30 {NAME}; sync")
    m.equal(f"{when}: the attempt of this boot", ledger.boots(m, NAME)[-1], ledger.this_boot(m))
