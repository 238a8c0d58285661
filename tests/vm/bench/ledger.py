# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the machine knows of the builds of its patches."""
import json

DIRECTORY = "/var/lib/lpd/ledger"


def path(m, name):
    """The record of the build that is installed now."""
    digest = m.ok(f"sha256sum /var/lib/lpd/modules/{m.kernel}/{name}.ko").split()[0]
    return f"{DIRECTORY}/{m.kernel}/{digest}.json"


def record(m, name):
    """None: nothing is known of it."""
    status, text = m.run(f"cat {path(m, name)}")
    return json.loads(text) if status == 0 else None


def boots(m, name):
    """The boots of its attempts."""
    known = record(m, name)
    return [attempt["boot"] for attempt in known["attempts"]] if known else []


def this_boot(m):
    return m.ok("cat /proc/sys/kernel/random/boot_id").strip()


def confirm(m, name, stage="system"):
    """As the machine does when it has lived with the build for long enough."""
    where = path(m, name)
    m.ok(f"mkdir -p {DIRECTORY}/{m.kernel}")
    m.write(where, json.dumps({"name": name, "state": "confirmed", "stage": stage, "since": 1, "attempts": []}))


def quarantine(m, name, reason):
    """As the machine does after power cuts or a panic on that build's account."""
    attempts = [{"boot": f"00000000-0000-4000-8000-{i:012}", "stage": "system", "time": (1700000000 + i) * 1000000}
                for i in (1, 2)]
    record = {"name": name, "state": "quarantined", "reason": reason, "since": 1700000003000000,
              "attempts": attempts}
    m.write(path(m, name), json.dumps(record))


# Records of quarantines stay.
CONFIRM_ALL = f"""
for module in $(ls /var/lib/lpd/modules/KERNEL/*.ko /usr/lib/lpd/modules/KERNEL/*.ko 2>/dev/null); do
    record={DIRECTORY}/KERNEL/$(sha256sum <$module | cut -c -64).json
    grep -qs quarantined $record && continue
    mkdir -p {DIRECTORY}/KERNEL
    echo '{{"name": "'$(basename $module .ko)'", "state": "confirmed", "stage": "initrd", "since": 1, "attempts": []}}' >$record
done"""


def confirm_all(m, kernel=None):
    """The same with every module that is installed, also for the initramfs: an image that is made then
    loads them on any machine."""
    m.ok(CONFIRM_ALL.replace("KERNEL", kernel or m.kernel))
