# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page for Cockpit, in a browser: in Cockpit's own menu and by itself."""

from bench.browser import Browser
from bench.cockpit import Cockpit
from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE


def case(m):
    cockpit = Cockpit(m)
    m.boot()
    cockpit.start()
    m.ok(f"lpctl install --wait=30 {m.patch('lp-cmdline', by='mok')}")
    with Browser() as b:
        in_the_menu(b, cockpit)


def in_the_menu(b, cockpit):
    b.open(cockpit.urls["root"])
    b.click("a :text(Live patches)")
    b.frame("iframe[name$='localhost/lpd']")
    b.element("#lpd-overview[data-ready=true] [data-patch=lp-cmdline][data-state=active]")
