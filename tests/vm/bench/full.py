# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines as administrators have them: a plain one with what they install, all of it enabled."""

import shutil
from pathlib import Path

from . import cache, plain
from .chroot import run_in
from .command import run

PACKAGES = """
    apparmor auditd chrony cloud-init cron cryptsetup-initramfs lvm2 multipath-tools nftables openssh-server
    python3-apt rsyslog systemd-cryptsetup unattended-upgrades
""".split()

FIREWALL = """#!/usr/sbin/nft -f
flush ruleset
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        tcp dport 22 accept
    }
}
"""
FILES = {
    "etc/nftables.conf": FIREWALL,
    "etc/multipath.conf": "defaults {\n    user_friendly_names yes\n    find_multipaths yes\n}\n",
    "var/lib/cloud/seed/nocloud/meta-data": "instance-id: bench\nlocal-hostname: bench\n",
    "var/lib/cloud/seed/nocloud/user-data": "#cloud-config\nbootcmd:\n  - touch /run/cloud-was-here\n",
    # No daemon of the tree is started on the host.
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
}
ENABLED = "nftables chrony cron ssh auditd apparmor multipathd rsyslog unattended-upgrades".split()


def tree(store, base):
    """The base's tree with these packages, from the cache; made first, which takes a minute."""
    key = cache.digest(Path(__file__), base.top)
    return store.entry(f"full-{base.suite.name}", key, lambda top: _build(top, base)) / "tree"


def _build(top, base):
    made = top / "tree"
    run("cp", "-a", base.tree, made)   # maintainer scripts write into files of others
    for name, text in FILES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    (made / "usr/sbin/policy-rc.d").chmod(0o755)
    _apt(made, base.suite)
    run("systemctl", "--root", made, "--quiet", "enable", *(f"{name}.service" for name in ENABLED))
    for name in ("usr/sbin/policy-rc.d", "etc/resolv.conf", *plain.SMALL):
        (made / name).unlink()


def _apt(made, suite):
    """Installs the packages by the tree's own apt, from the mirrors of this machine."""
    suite.tell_apt(made)
    environment = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    run_in(made, "apt-get", "-qq", "update", **environment)
    names = [name for name in PACKAGES if name != "systemd-cryptsetup" or suite.name != "12"]
    run_in(made, "apt-get", "-qq", "-y", "-o", "Dpkg::Options::=--force-confold", "install",
           "--no-install-recommends", *names, **environment)
    run_in(made, "apt-get", "-qq", "clean")
    shutil.rmtree(made / "var/lib/apt/lists")
