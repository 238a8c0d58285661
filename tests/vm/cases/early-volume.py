# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine without variables of the firmware has the ledger of the initramfs on /boot, ext4 or vfat: a
patch that panics when the initramfs loads it costs two boots, and the repaired one is loaded there."""
from bench import ledger

MOUNT = "LABEL=BOOT /boot auto defaults 0 0\n"
POLICY = "[Guard]\nLedger=auto\nConfirmSec=3600\n[Store]\nDevice=LABEL=BOOT\n"
REASON = "2 boots in a row ended without an orderly shutdown while it was on trial"
BAD = "lp-panic-init"
FORMATS = {"ext4": "", "vfat": "umount /boot && mkfs.vfat --mbr=no -n BOOT /dev/vdb && mount /boot"}


def case(m):
    m.faults_allowed = m.comes_back = True
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", POLICY)
    image = m.make_initramfs()   # without patches: they are on the volume as well
    m.disk("BOOT", "32M")
    m.ok(f"echo '{MOUNT}' >>/etc/fstab")
    m.reboot(initramfs=image)
    for kind, format in FORMATS.items():
        m.ok(format or "true")
        m.sees("findmnt -n -o FSTYPE /boot", kind)
        m.run(f"lpctl clear --no-rebuild {BAD}")
        m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch(BAD)} && sync")
        m.equal(f"the boots with {kind}: two bad ones and a good one", m.resets("systemctl reboot"), 3)
        is_quarantined(m)
        m.ok(f"lpctl install --no-load --no-rebuild {m.patch(f'repaired/{BAD}')}")
        for _ in range(2):   # an orderly boot is no crash
            m.equal("the boots with a good one", m.resets("systemctl reboot"), 1)
            is_early(m)
        m.ok(f"lpctl unload {BAD} && lpctl remove {BAD} && sync")
    settles(m)


def is_quarantined(m):
    patch = m.patch_status(BAD)
    m.equal("its state", patch["state"], "quarantined")
    m.contains("its reason", patch["reason"], REASON)
    m.equal("where it was tried", [a["stage"] for a in ledger.record(m, BAD)["attempts"]], ["initrd"] * 2)
    m.sees("systemctl is-active lpd-early.service", "active")


def is_early(m):
    m.equal("the state", m.state(BAD), "active")
    m.equal("the stage", m.json(f"cat /run/lpd/{BAD}.json")["stage"], "initrd")
    m.equal("its attempts", ledger.boots(m, BAD), [ledger.this_boot(m)])


def settles(m):
    """Where there is no volume with patches, /boot is found."""
    m.ok("sed -i '/Store/,$d' /etc/lpd/lpd.conf.d/50-guard.conf")
    m.ok(f"lpctl install --no-load --no-rebuild --stage=initrd {m.patch('lp-version')}")
    m.ok("lpctl initramfs-files --record")
    m.equal("the place", m.json(f"cat /var/lib/lpd/initramfs/{m.kernel}.json")["ledger"],
            "UUID=" + m.ok("blkid -o value -s UUID /dev/vdb").strip())
