# SPDX-License-Identifier: LGPL-2.1-or-later
"""SignedManifests=yes: a patch is loaded if the kernel's keyrings vouch for its manifest. Without
such a manifest it is refused, at install and at every boot, with the reason, and the boot
continues."""

import hashlib

PATCHES, STORE = "/etc/lpd/patches.d", "/var/lib/lpd/modules"
PLAIN = b"[Patch]\n"


def case(m):
    m.boot(secure_boot=True)
    m.write("/etc/lpd/lpd.conf.d/50-trust.conf",
            "[Trust]\nSignature=required\nSignedManifests=yes\n")
    installing(m)
    for name in ("lp-uptime", "lp-version", "lp-cumul-1", "lp-cumul-2"):
        m.ok(f"install -D -m 644 {m.patch(name, by='mok')} {STORE}/{m.kernel}/{name}.ko")
    place(m, "lp-uptime", b"[Patch]\n#\n", sign(m, b"[Patch]\n;\n", "mok"))
    place(m, "lp-version", PLAIN, sign(m, PLAIN, "mok"))
    m.write(f"{PATCHES}/lp-version.conf.d/10-local.conf", "[Patch]\nProbe=/bin/true\n")
    place(m, "lp-cumul-1", PLAIN, None)
    place(m, "lp-cumul-2", PLAIN, sign(m, PLAIN, "stranger"))

    m.reboot()
    m.sees("cat /proc/cmdline", "live patched")
    m.equal("the signed one", m.state("lp-cmdline"), "active")
    refused(m, "lp-uptime", "bad-signature")
    refused(m, "lp-version", "10-local.conf: not signed")
    refused(m, "lp-cumul-1", "lp-cumul-1.conf: not signed")
    refused(m, "lp-cumul-2", "unknown-signer")
    m.sees("setpriv --reuid=65534 --clear-groups lpctl why lp-cmdline", "manifest-signature")
    mended(m)
    changed_after_the_load(m)


def installing(m):
    """If lpctl would have to write a file it refuses, and says how to sign one."""
    module, other = (m.patch("lp-cmdline", by=key) for key in ("mok", "db"))
    pin = hashlib.sha256(m.patch_bytes("lp-cmdline", by="mok")).hexdigest()
    pinned = f"[Patch]\n[Kernel:{m.kernel}]\nSHA256={pin}\n".encode()
    m.fails(f"lpctl install {module}", exit=5, says="openssl cms -sign -binary -noattr")
    place(m, "lp-cmdline", pinned, None)
    m.fails(f"lpctl install {module}", exit=5, says="not signed")
    place(m, "lp-cmdline", pinned, sign(m, pinned, "stranger"))
    m.fails(f"lpctl install {module}", exit=5, says="unknown-signer")
    m.fails("lpctl lint", exit=78, says="unknown-signer")
    m.equal("what was installed", m.ok(f"find {STORE} -type f"), "")
    place(m, "lp-cmdline", pinned, sign(m, pinned, "mok"))
    m.ok("lpctl lint")
    m.fails(f"lpctl install --name=lp-cmdline {other}", exit=5, says="SHA256")
    m.ok(f"lpctl install {module}")
    m.sees("cat /proc/cmdline", "live patched")
    m.equal("the drop-ins", m.ok(f"find {PATCHES} -name '*.conf.d'"), "")
    m.fails("lpctl disable lp-cmdline", exit=5, says="Enabled=no")


def mended(m):
    """Only a good signature was missing."""
    m.write_all(PATCHES, {"lp-version.conf.d/10-local.conf.p7s":
                          sign(m, b"[Patch]\nProbe=/bin/true\n", "mok")})
    m.ok("lpctl load lp-version")
    m.sees("cat /proc/version", "live patched")


def changed_after_the_load(m):
    """lpd.service, which runs probes, uses only the manifest that was verified at the load."""
    m.ok("lpctl unload lp-version && systemctl stop lpd.service")
    m.ok("/usr/lib/lpd/lpd load lp-version")   # the unit would start lpd.service
    m.write(f"{PATCHES}/lp-version.conf.d/10-local.conf", "[Patch]\nProbe=/usr/libexec/evil\n")
    m.write("/usr/libexec/evil", "#!/bin/sh\ntouch /run/lpd/evil\nexit 1\n", mode=0o755)
    m.ok("systemctl start lpd.service")
    m.wait_until("journalctl -b -u lpd.service | grep -q 'manifest has changed'", 30)
    m.fails("ls /run/lpd/evil")
    m.sees("cat /proc/version", "live patched")


def sign(m, data, by):
    """As lpd.patch(5) says."""
    return m.signer.detached(data, by, options=("-noattr",))


def place(m, name, data, signature):
    m.ok(f"rm -f {PATCHES}/{name}.conf*")
    m.write_all(PATCHES, {f"{name}.conf": data})
    if signature:
        m.write_all(PATCHES, {f"{name}.conf.p7s": signature})


def refused(m, name, why):
    m.equal(f"the state of {name}", m.state(name), "refused")
    m.contains(f"the reason of {name}", m.patch_status(name)["reason"], why)
    m.fails(f"lpctl load {name}", exit=5, says=why)
    m.sees("journalctl -b -o cat MESSAGE_ID=3d035aa9083a459a86d7d95e7a854346", why)
