# SPDX-License-Identifier: LGPL-2.1-or-later
"""If no key of the administrator can reach the kernel, a certificate in /etc/lpd/keys.d and
Signature=local allow a patch, which is never called verified. By default it is refused, with a hint
at that setting. A certificate that users other than root could have installed does not count, and
the message says so."""

KEYS = "/etc/lpd/keys.d"
KEY = f"{KEYS}/mok.der"


def case(m):
    m.boot()
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    module = m.patch("lp-cmdline", by="mok")
    output = m.fails(f"lpctl install {module}", exit=5, says="unknown-signer")
    for word in (KEYS, "Signature=local"):
        m.contains("the way out", output, word)
    m.ok(f"mkdir -p {KEYS} /usr/lib/lpd/keys.d; install -m 644 /patches/keys/mok.der {KEY}")
    found = m.json(f"lpctl verify {module} --json=short", exit=5)
    m.equal("what would let it in", found["accepted"],
            {"required": False, "local": True, "permissive": True})
    m.equal("the verdict", found["signature"]["verdict"], "unknown-signer")
    m.fails(f"lpctl install {module}", exit=5, says="Signature=local")

    m.write("/etc/lpd/lpd.conf.d/50-trust.conf", "[Trust]\nSignature=local\n")
    for other in (m.patch("lp-cmdline"), m.patch("lp-cmdline", by="stranger")):
        m.fails(f"lpctl install {other}", exit=5, says="Signature=local")
    data = m.patch_bytes("lp-cmdline", by="mok")
    m.write_all("/root/bad", {"lp-cmdline.ko": data[:1000] + b"x" + data[1001:]})
    m.fails("lpctl install /root/bad/lp-cmdline.ko", exit=5, says="Signature=local")
    unsafe(m, module)
    m.ok(f"lpctl install --wait=30 {module}")
    is_in(m)
    m.reboot()
    is_in(m)
    loaded, = m.journal("MESSAGE_ID=345bac2e7efe4ad8aa22a6c31cbc75ca")
    m.equal("LPD_VERDICT=", loaded["LPD_VERDICT"], "local")


def unsafe(m, module):
    """Each of these is undone again; the last one, the vendor's directory, is not trusted."""
    for wrong, right, words in (
            (f"chmod 666 {KEY}", f"chmod 644 {KEY}", "can be written by"),
            (f"chown nobody {KEY}", f"chown root {KEY}", "belongs to user 65534"),
            (f"chmod 777 {KEYS}", f"chmod 755 {KEYS}", "can be written by"),
            (f"mv {KEY} /root; ln -s /root/mok.der {KEY}", f"rm {KEY}; mv /root/mok.der {KEY}",
             "symbolic link"),
            (f"mv {KEY} /usr/lib/lpd/keys.d",
             f"mv /usr/lib/lpd/keys.d/mok.der {KEY}",
             "is in /usr/lib/lpd/keys.d")):
        m.ok(wrong)
        output = m.fails(f"lpctl verify {module}", exit=5, says="unknown-signer")
        m.contains(f"what is said after `{wrong}`", output, words)
        m.ok(right)


def is_in(m):
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    status = m.patch_status("lp-cmdline")
    m.equal("the state", status["state"], "active")
    m.equal("the verdict", status["signature"]["verdict"], "local")
    m.equal("the keyring", status["signature"]["keyring"], None)
