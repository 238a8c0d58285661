# SPDX-License-Identifier: LGPL-2.1-or-later
"""A patch signed by a key that an enrolled CA has issued, but that is in no keyring, is refused
with a hint, and the command in the hint makes it acceptable. Nothing needs to be done if the
signature contains the certificate."""

MACHINES = ("12/6.1", "13")   # newer kernels have a .machine only with shim

CERTIFICATE = "/etc/lpd/keys.d/second.der"


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    module = m.patch("lp-cmdline", by="second")
    m.fails(f"lpctl install {module}", exit=5, says="lpd bench ca in .machine")
    m.ok(f"install -D -m 644 /patches/keys/second.der {CERTIFICATE}")
    output = m.fails(f"lpctl install {module}", exit=5,
                     says="was issued by lpd bench ca in .machine")
    m.contains("the way out", output, "keyctl padd ")
    command = "keyctl padd " + output.split("keyctl padd ")[1].splitlines()[0]
    m.equal("the file in it", command.split("<")[1].split()[0], CERTIFICATE)
    m.ok(command.split(" (")[0])

    m.ok(f"lpctl install --wait=30 {module}")
    verified(m, "lp-cmdline", ".secondary_trusted_keys")
    leaf = m.json(f"lpctl verify {m.patch('lp-cmdline', by='leaf-embedded')} --json=short")
    m.equal("who vouches for an embedded leaf", leaf["signature"]["keyring"], ".machine")


def verified(m, name, keyring):
    status = m.patch_status(name)
    m.equal("the state", status["state"], "active")
    m.equal("the verdict", status["signature"]["verdict"], "verified")
    path = f"/var/lib/lpd/modules/{m.kernel}/{name}.ko"
    m.equal("the keyring", m.verify(path)["signature"]["keyring"], keyring)
