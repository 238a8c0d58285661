# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever is on a volume, each bad file is named, the good patch beside it goes in, and the machine boots."""

PATCHES = ("lp-version", "lp-uptime", "lp-cmdline", "lp-many-001", "lp-many-002", "lp-many-003")

# A module cut short, a manifest that pins another one, a link off the volume, a file that anybody can
# write, a module that is not root's, and names that are none.
SPOIL = """
mount /dev/vdb /mnt && cd /mnt/lpd
truncate -s 5000 modules/*/lp-uptime.ko
sed -i "s/^SHA256=.*/SHA256=$(printf x | sha256sum | cut -c-64)/" patches.d/lp-cmdline.conf.d/20-*.conf
rm patches.d/lp-many-001.conf && ln -s /etc/passwd patches.d/lp-many-001.conf
chmod 666 patches.d/lp-many-002.conf
chown 1000 modules/*/lp-many-003.ko
mkdir patches.d/dir.conf && echo rubbish >patches.d/rubbish.conf && mkfifo patches.d/fifo.conf
printf '[Patch]\\nStage=initrd\\n' >$'patches.d/\\e[31m.conf'
ln -s ../../../etc modules/9.9.9
cd / && umount /mnt
"""

SAID = (
    "lp-uptime.ko: ",
    "lp-cmdline.ko: its SHA256 is ",
    "/lpd/patches.d/lp-many-001.conf: is a symbolic link",
    "/lpd/patches.d/lp-many-002.conf: it can be written by everybody",
    "lp-many-003.ko: it belongs to user 1000, not to root",
    "/lpd/patches.d/dir.conf: is a directory",
    "/lpd/patches.d/fifo.conf: is not a regular file",
    "rubbish.conf:1: ",
    "?[31m.conf",
)


def case(m):
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-store.conf", "[Store]\nDevice=LABEL=store\n")
    image = m.make_initramfs()
    m.disk("store", "32M")
    m.reboot()
    m.ok(f"lpctl install --no-load --stage=initrd {' '.join(map(m.patch, PATCHES))}")
    m.ok(SPOIL)
    m.reboot(initramfs=image)
    said = m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat")
    for part in SAID:
        m.contains("the initramfs", said, part)
    stages = {name: m.json(f"cat /run/lpd/{name}.json")["stage"] for name in PATCHES}
    m.equal("where they were loaded", stages, {"lp-version": "initrd"} | dict.fromkeys(PATCHES[1:], "system"))
    m.equal("their states", {m.state(name) for name in PATCHES}, {"active"})
    m.contains("lpctl status", m.ok("lpctl status"), "lp-many-001.conf: is a symbolic link")
    m.sees("systemctl is-system-running", "running")

    # The superblock is whole, and behind it there is nothing any more.
    m.ok("dd if=/dev/zero of=/dev/vdb bs=1k seek=2 count=20000 conv=notrunc status=none; sync")
    m.reboot(initramfs=image)
    m.contains("the initramfs", m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat"),
               "volume LABEL=store: /dev/vdb (LABEL=store) cannot be mounted as ext4: ")
    m.equal("the state", m.state("lp-version"), "active")
    m.fails("lpctl enable lp-version", exit=1, says="cannot be mounted as ext4")
    m.sees("systemctl is-system-running", "running")
