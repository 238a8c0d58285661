# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the initramfs too, the next way of asking the kernel decides if one is not available: without
BTF it reads the firmware's certificates, in images of initramfs-tools and of dracut with systemd,
and the host still finds the firmware's variables."""

MACHINES = ("12/6.1", "13")   # newer kernels have a .machine only with shim

HIDE = ": >/run/empty; mount -o bind /run/empty /sys/kernel/btf/vmlinux"
# the host asks again, and finds it
SHOW = "umount /sys/kernel/btf/vmlinux; cp -r /run/lpd /run/found"
SCRIPT = f"""#!/bin/sh
[ "$1" = prereqs ] && exit 0
{HIDE}
/usr/lib/lpd/lpd initrd
{SHOW}
"""
DROPIN = f"""[Service]
ExecStartPre=+/bin/sh -c "{HIDE}"
ExecStartPost=+/bin/sh -c "{SHOW}"
"""
VARIABLES = "findmnt -n -o FSTYPE,OPTIONS /sys/firmware/efi/efivars"
DROPIN_PATH = "/etc/systemd/system/lpd-initrd.service.d/bench.conf"


def case(m):
    m.boot(secure_boot=True)
    # Without .builtin_trusted_keys the load alone is not enough.
    m.write("/etc/lpd/lpd.conf.d/10-bench.conf", "[Trust]\nKeyrings=machine platform\n")
    for name, by in (("lp-version", "mok"), ("lp-uptime", "db")):
        m.ok(f"lpctl install --no-load --stage=initrd --name={name} {m.patch(name, by=by)}")
    variables = m.ok(VARIABLES)

    m.write("/etc/initramfs-tools/scripts/init-top/lpd", SCRIPT, mode=0o755)
    m.reboot(initramfs=m.make_initramfs())
    keyrings_decided(m, variables)

    m.write(DROPIN_PATH, DROPIN)
    m.write("/etc/dracut.conf.d/bench.conf", f'install_items+=" {DROPIN_PATH} umount cp "\n')
    m.reboot(initramfs=m.make_initramfs("dracut"))
    keyrings_decided(m, variables)


def keyrings_decided(m, variables):
    for name, keyring in (("lp-version", ".machine"), ("lp-uptime", ".platform")):
        result = m.json(f"cat /run/found/{name}.json")
        m.equal(f"what the initramfs found of {name}",
                [result.get(key) for key in ("stage", "verdict", "way", "keyring", "loaded")],
                ["initrd", "verified", "kernel-keyring", keyring, True])
    m.equal("the firmware's variables", m.ok(VARIABLES), variables)
