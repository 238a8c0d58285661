# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a boot costs the firmware's store of variables, without lpd's ledger and with it, a build on trial and a
confirmed one; and that the firmware collects what was deleted, so that the store never fills. The store has
little room at first, so that this happens after a few boots. How many boots of each kind: $LPD_CUTS, without
which this is only for tests/soak."""
import os
from collections import Counter

from bench import ledger
from bench.variables import Variables

MACHINES = ("12/6.1",) if "LPD_CUTS" in os.environ else ()
BOOTS = int(os.environ.get("LPD_CUTS", "1"))
NAME, VARIABLE = "lp-version", "LpdLedger"
ROOM = 38 << 10   # OVMF collects when less is left than its largest variable takes, 33 KiB


def case(m):
    m.boot(secure_boot=False)
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", "[Guard]\nConfirmSec=3600\n")
    m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch(NAME)}")
    image = m.make_initramfs(confirmed=False)
    m.shutdown()
    store = store_of(m)
    first = describe("at the start", store)
    store.waste(ROOM)
    m.variables.write_bytes(store.data)
    describe("nearly full of deleted variables", store)

    without = boots(m, "without lpd", m.initramfs, None)
    m.equal("what lpd wrote without a ledger there", [counts[VARIABLE] for counts in without], [0] * len(without))
    trial = boots(m, "on trial", image, "trial")
    m.equal("that each boot on trial writes two entries at most", max(c[VARIABLE] for c in trial) <= 2, True)
    m.boot(initramfs=image)
    m.ok(f"lpctl bless --no-rebuild --stage=initrd {NAME}")
    m.shutdown()
    confirmed = boots(m, "confirmed", image, "confirmed")
    m.equal("what a confirmed boot writes", [counts[VARIABLE] for counts in confirmed], [0] * len(confirmed))
    last = describe("at the end", store_of(m))
    m.equal("that the firmware has collected", store_of(m).free() > ROOM, True)
    m.equal("that what is valid grows by no more than the ledger", last - first <= 1024, True)


def store_of(m):
    return Variables(m.variables.read_bytes())


def boots(m, what, image, state):
    """Boots, and returns how many entries each variable got by each boot."""
    written = []
    for number in range(BOOTS):
        before = store_of(m)
        m.boot(initramfs=image)
        if state:
            m.equal("its stage", m.json(f"cat /run/lpd/{NAME}.json")["stage"], "initrd")
            m.equal("its state", ledger.record(m, NAME)["state"], state)
        m.shutdown()
        after = store_of(m)
        counts, sizes = new_entries(before, after)
        written.append(counts)
        collected = " after a collection" if after.free() > before.free() else ""
        print(f"{what}, boot {number + 1}: {after.free()} bytes are free{collected}; written: "
              + ", ".join(f"{counts[name]} {name} {size}" for name, size in sizes.most_common(6)))
    return written


def new_entries(before, after):
    """What is behind the entries that were there before. A collection moves all that are valid, so then only
    those that are not the last of their name are sure to be new."""
    old, new = before.entries(), after.entries()
    if after.free() > before.free():
        kept = Counter((name, size) for name, valid, size in old if valid)
        added = []
        for name, _, size in new:
            if kept[name, size] > 0:
                kept[name, size] -= 1
            else:
                added.append((name, size))
    else:
        added = [(name, size) for name, _, size in new[len(old):]]
    counts, sizes = Counter(), Counter()
    for name, size in added:
        counts[name] += 1
        sizes[name] += size
    return counts, sizes


def describe(when, store):
    """The bytes of valid variables."""
    valid = sum(size for _, is_valid, size in store.entries() if is_valid)
    own = sum(size for name, is_valid, size in store.entries() if is_valid and name == VARIABLE)
    print(f"the store {when}: {store.free()} bytes are free, {valid} are valid, {own} of them lpd's")
    return valid
