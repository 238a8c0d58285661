# SPDX-License-Identifier: LGPL-2.1-or-later
"""A boot that refuses a patch completes, and every tool reports the refusal; a good patch is
loaded."""


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    place(m, "lp-uptime")
    m.reboot()
    refused(m, "lp-uptime", "unsigned", "it is not signed")
    m.sees_not("cat /proc/uptime", "live patched")
    m.sees("systemctl is-active multi-user.target", "active")
    m.sees("systemctl status lpd.service", "active")

    place(m, "lp-version", by="stranger", manifest="Required=yes\n")
    m.ok(f"lpctl install --no-load {m.patch('lp-cmdline', by='mok')}")
    m.reboot()
    refused(m, "lp-uptime", "unsigned", "it is not signed")
    refused(m, "lp-version", "unknown-signer", "CN=lpd bench stranger")
    m.fails("lpctl status --check", exit=10, says="lp-version")
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.equal("the good one", m.state("lp-cmdline"), "active")


def place(m, name, by=None, manifest=""):
    """Installs it by hand, because lpctl install would refuse it."""
    m.ok(f"install -D -m 644 {m.patch(name, by)} /var/lib/lpd/modules/{m.kernel}/{name}.ko")
    m.write(f"/etc/lpd/patches.d/{name}.conf", f"[Patch]\n{manifest}")


def refused(m, name, verdict, why):
    status = m.patch_status(name)
    m.equal(f"the state of {name}", status["state"], "refused")
    m.equal(f"the verdict on {name}", status["signature"]["verdict"], verdict)
    m.contains(f"the reason of {name}", status["reason"], why)
    m.contains("lpctl why", m.run(f"lpctl why {name}")[1], why)
    m.fails(f"systemctl is-active livepatch@{name}", says="failed")
    entry, = m.journal("MESSAGE_ID=3d035aa9083a459a86d7d95e7a854346", f"LPD_PATCH={name}")
    m.equal("LPD_VERDICT=", entry["LPD_VERDICT"], verdict)
    m.contains("the journal", entry["MESSAGE"], why)
