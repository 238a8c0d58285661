# SPDX-License-Identifier: LGPL-2.1-or-later
"""Under the default policy and Secure Boot a patch by an enrolled key is in after each boot, before
any ordinary service, by the load alone, which the kernel checks: so it is where lpd-parser cannot
run at all. An unsigned one is not even installed. So it is on a CPU that has no random numbers
either."""

from bench.kinds import EVERYWHERE

MACHINES = (*EVERYWHERE, "13/plain")
PARSER = "/usr/lib/lpd/lpd-parser"


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    m.ok(f"lpctl install --wait=30 {m.patch('lp-cmdline', by='mok')}")
    m.wait_until("jq -e .complete /run/lpd/lp-cmdline.json", 30)   # lpd.service records that
    before = everything(m)
    m.fails(f"lpctl install {m.patch('lp-uptime')}", exit=5, says="it is not signed")
    m.equal("what a refused install leaves", everything(m), before)

    m.ok(f"mv {PARSER} /root")
    m.reboot(cpu="qemu64", smp=4)
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.sees("systemctl status livepatch@lp-cmdline", "active (exited)")
    verified(m)
    m.fails(f"lpctl load {m.patch('lp-uptime', by='stranger')}", exit=5, says="bad-signature")
    m.ok(f"mv /root/lpd-parser {PARSER}")
    vouched_for(m)
    loaded, = m.journal("MESSAGE_ID=345bac2e7efe4ad8aa22a6c31cbc75ca")
    m.equal("LPD_VERDICT=", loaded["LPD_VERDICT"], "verified")
    kernel = m.journal("_TRANSPORT=kernel", "--grep=enabling patch 'lp_cmdline'")
    reached = m.journal("UNIT=sysinit.target", "JOB_RESULT=done")
    m.before("the patch", kernel[0], "sysinit.target", reached[0])


def verified(m):
    signature = m.patch_status("lp-cmdline")["signature"]
    m.equal("the signature", [signature[fact] for fact in ("verdict", "way", "keyring")],
            ["verified", "kernel-load", None])


def vouched_for(m):
    """The kernel does not say which key it used; lpctl verify does."""
    signature = m.verify(f"/var/lib/lpd/modules/{m.kernel}/lp-cmdline.ko")["signature"]
    wanted = {"verdict": "verified", "way": "kernel-pkcs7", "keyring": m.mok_keyring,
              "keyId": key_id(m, "mok"), "hash": "sha256", "expired": None}
    m.equal("the signature", {fact: signature[fact] for fact in wanted}, wanted)
    m.contains("the signer", signature["signer"], "CN=lpd bench mok")


def key_id(m, name):
    """The kernel's name for the key in a line of /proc/keys: "… NAME: KEYID: X509.rsa …"."""
    return m.ok(f"grep 'lpd bench {name}: ' /proc/keys").split(": ")[-2]


def everything(m):
    """Everything that belongs to patches: files, units and the kernel's state."""
    return m.ok("find /etc/lpd /var/lib/lpd /run/lpd /run/systemd/generator -type f "
                "-exec sha256sum {} + | sort; ls /sys/kernel/livepatch")
