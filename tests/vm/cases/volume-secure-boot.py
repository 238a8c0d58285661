# SPDX-License-Identifier: LGPL-2.1-or-later
"""Under Secure Boot, and with SignedManifests=yes, nothing on a volume is trusted: a signed patch
is loaded, an unsigned one is refused, named, and does not delay the boot."""

from bench import early

STORE = "/etc/lpd/lpd.conf.d/50-store.conf"
PATCHES = "/etc/lpd/patches.d"
EARLY = b"[Patch]\nStage=initrd\n"
DROPIN = "lpd/patches.d/lp-cmdline.conf.d"


def case(m):
    m.disk("store", "32M")
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    m.write(STORE, "[Store]\nDevice=LABEL=store\n")
    m.ok("lpctl install --name=lp-version --no-load --stage=initrd " + m.patch("lp-version", by="mok"))
    early.install_refused(m)
    m.ok("lpctl enable lp-uptime lp-cumul-1")   # onto the volume
    m.reboot(initramfs=m.make_initramfs())
    mounts = m.journal("_TRANSPORT=kernel", "--grep=EXT4-fs .vda.: mounted")
    m.before("the patch", early.enabling(m, "lp_version"), "the root file system", mounts[0])
    early.checked(m)
    said = words(m)
    m.contains("the initramfs", said, "lp-uptime.ko: it is not signed")
    m.contains("the initramfs", said, "lp-cumul-1.ko: no key of this machine made its signature")

    signed_manifests(m)


def signed_manifests(m):
    """The initramfs refuses a patch with an unsigned drop-in on the volume; the host, which does not
    have the drop-in, loads it."""
    m.ok("lpctl remove lp-version && lpctl remove lp-uptime && lpctl remove lp-cumul-1")
    m.write(STORE, "[Store]\nDevice=LABEL=store\n[Trust]\nSignature=required\nSignedManifests=yes\n")
    signatures = {"lp-version": sign(m, EARLY), "lp-cumul-1": sign(m, EARLY + b"#\n"), "lp-uptime": None,
                  "lp-cmdline": sign(m, EARLY)}
    for name, signature in signatures.items():
        files = {f"{name}.conf": EARLY} | ({f"{name}.conf.p7s": signature} if signature else {})
        m.write_all(PATCHES, files)
        m.ok(f"install -D -m 644 {m.patch(name, by='mok')} /var/lib/lpd/modules/{m.kernel}/{name}.ko")
        m.ok(f"lpctl enable {name}")
    m.ok(f"mount /dev/vdb /mnt && mkdir /mnt/{DROPIN} && echo '[Patch]' >/mnt/{DROPIN}/10-x.conf")
    m.ok("umount /mnt")
    m.reboot(initramfs=m.make_initramfs())
    m.equal("what the image carried", m.json("cat /run/lpd/initramfs")["patches"], [])
    early.is_active(m)
    said = words(m)
    m.contains("the initramfs", said, "lp-uptime.conf: not signed")
    m.contains("the initramfs", said, "lp-cumul-1.conf: the kernel rejected its signature")
    m.contains("the initramfs", said, "lp-cmdline: 10-x.conf: not signed")
    m.sees_not("cat /proc/uptime", "live patched")
    for name, state in (("lp-uptime", "refused"), ("lp-cumul-1", "refused"), ("lp-cmdline", "active")):
        m.equal(f"the state of {name}", m.state(name), state)
    m.equal("where lp-cmdline was loaded", m.json("cat /run/lpd/lp-cmdline.json")["stage"], "system")


def sign(m, data):
    """As lpd.patch(5) says."""
    return m.signer.detached(data, "mok", options=("-noattr",))


def words(m):
    return m.ok("journalctl -b -t lpd _TRANSPORT=kernel -o cat")
