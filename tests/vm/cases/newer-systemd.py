# SPDX-License-Identifier: LGPL-2.1-or-later
"""Features of systemd since 252: lpd.service is reloaded by a signal too; a patch that is disabled for the next boot stays loaded across a
soft-reboot, and is reported; a service with PrivateNetwork= has a sysfs of its own, which the seal
covers only if the service starts after it, and a patch that is disabled there is reported."""
from bench.scenes import is_locked

MACHINES = ("13", "testing")

STAYS = "still loaded, also after a soft-reboot, until it is unloaded: Enabled=no"
SEALED = "modules are locked until reboot, the patches sealed in this network namespace"
OFF = "echo 0 >/sys/kernel/livepatch/lp_version/enabled"


def case(m):
    m.boot()
    for name in ("lp-cmdline", "lp-uptime", "lp-version"):
        m.ok(f"lpctl install --wait=30 {m.patch(name)}")
    reloads(m)
    m.ok("lpctl disable lp-uptime")
    stays(m)
    boot = m.ok("cat /proc/sys/kernel/random/boot_id")
    m.soft_reboot()
    m.equal("the boot id", m.ok("cat /proc/sys/kernel/random/boot_id"), boot)
    m.sees("systemctl show -p SoftRebootsCount", "=1")
    stays(m)
    for name, loads in ("lp-cmdline", 1), ("lp-version", 2):
        m.equal(name, (m.state(name), m.patch_status(name)["reason"]), ("active", None))
        m.sees(f"systemctl is-active livepatch@{name}", "active")
        m.equal(f"the loads of {name}", len(m.journal("SYSLOG_IDENTIFIER=kernel",
                f"--grep=enabling patch '{name.replace('-', '_')}'")), loads)
    m.fails("systemctl is-active livepatch@lp-uptime", says="inactive")
    m.sees("systemctl is-active lpd", "active")
    m.ok("lpctl unload lp-uptime")
    m.sees_not("cat /proc/uptime", "live patched")
    past_the_seal(m)


def reloads(m):
    """A reload of lpd.service applies the manifests, and its own process answers (Type=notify-reload)."""
    m.sees("systemctl show -p Type lpd", "=notify-reload")
    pid = m.ok("systemctl show -p MainPID lpd")
    m.ok("echo 0 >/sys/kernel/livepatch/lp_version/enabled")
    m.wait_until("systemctl is-active livepatch@lp-version | grep -qx failed", 30)
    for _ in range(2):
        m.ok("systemctl reload lpd")
        m.sees("cat /proc/version", "live patched")
        m.sees("systemctl is-active lpd livepatch@lp-version", "active\nactive")
    m.equal("the process", m.ok("systemctl show -p MainPID lpd"), pid)


def stays(m):
    patch = m.patch_status("lp-uptime")
    m.equal("lp-uptime", (patch["state"], patch["applies"], patch["reason"]), ("active", False, STAYS))
    m.sees("cat /proc/uptime", "live patched")
    m.sees("lpctl status", "lp-uptime is loaded, but does not apply here")


def past_the_seal(m):
    """The seal covers services that start after it, but not the sysfs of a service that was running
    before."""
    m.ok("systemd-run -q -u before -p Type=exec -p PrivateNetwork=yes sleep infinity")
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf", "[Lock]\nSeal=yes\n")
    m.ok("lpctl lock")
    m.equal("that it is locked", is_locked(m), True)
    m.sees("lpctl status", SEALED)
    off = f"sh -c '{OFF}'"
    for where in ("", "systemd-run -q --wait --pipe -p PrivateNetwork=yes "):
        m.fails(where + off, says="Read-only file system")
    m.sees("cat /proc/version", "live patched")
    m.ok(f"nsenter -m -n -t $(systemctl show --value -p MainPID before) {off}")
    noticed(m)
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.sees("lpctl status", SEALED)


def noticed(m):
    """lpd.service reports it in the journal and the status, and the unit fails."""
    m.wait_until("systemctl is-active livepatch@lp-version | grep -qx failed", 20)
    patch = m.patch_status("lp-version")
    m.equal("lp-version", (patch["state"], patch["reasonCode"]), ("disabled", "switched-off"))
    m.contains("the reason", patch["reason"], "disabled by sh (pid ")
    m.contains("the reason", patch["reason"], ") of root, not by lpd; modules are locked")
    m.sees("journalctl -b -u lpd -o cat LPD_PATCH=lp-version", "lp-version: disabled by sh (pid ")
