# SPDX-License-Identifier: LGPL-2.1-or-later
"""Power cuts at random moments of lpctl remove: the patch is installed completely or not at all,
and the machine boots."""
from bench.scenes import cut_at_random


def case(m):
    m.boot()
    cut_at_random(m, "lpctl remove lp-cmdline", prepare=f"lpctl install {m.patch('lp-cmdline')}")
