# SPDX-License-Identifier: LGPL-2.1-or-later
"""The disk image: base tree + lpd's packages + the bench's guest files + patches."""

import shutil
from pathlib import Path

from . import cache, full, lpd
from .chroot import copy_to_change, run_in
from .command import run

TOP = Path(__file__).resolve().parent.parent
GUEST = TOP / "guest"
TRIMMED = TOP / "guest-trimmed"   # what a boot of the bench does differently, to save time

SIZE = "2G"

# Units and generators that cost boot time and do not matter for the tests.
MASKED = """
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
    e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer
    getty@.service serial-getty@.service console-getty.service
    systemd-logind.service systemd-user-sessions.service systemd-pstore.service
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-random-seed.service
    systemd-ask-password-console.path systemd-ask-password-wall.path systemd-rfkill.socket
    systemd-initctl.socket systemd-fsckd.socket systemd-repart.service systemd-firstboot.service
    systemd-sysusers.service systemd-machine-id-commit.service systemd-pcrphase.service
    systemd-pcrphase-sysinit.service kmod-static-nodes.service modprobe@.service
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount
    sys-kernel-config.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount
    systemd-binfmt.service systemd-remount-fs.service systemd-sysctl.service
    systemd-tmpfiles-setup-dev.service systemd-tmpfiles-setup-dev-early.service
    systemd-udev-load-credentials.service dracut-shutdown.service run-lock.mount
    systemd-hibernate-clear.service systemd-pcrmachine.service systemd-tpm2-setup.service
    systemd-tpm2-setup-early.service systemd-creds.socket systemd-hostnamed.socket
    systemd-sysext.socket systemd-pcrextend.socket systemd-pcrlock.socket
    systemd-ask-password.socket systemd-factory-reset.socket systemd-journalctl.socket
    systemd-logind-varlink.socket systemd-mute-console.socket systemd-sysinstall.socket
""".split()

# Links that pull work into each boot; dbus starts when its socket is first used, and cases start ssh.
DROPPED = """
    etc/systemd/system/multi-user.target.wants/ssh.service
    etc/modules-load.d/modules.conf usr/lib/systemd/system/multi-user.target.wants/dbus.service
""".split()

MASKED_GENERATORS = """
    systemd-cryptsetup-generator systemd-getty-generator systemd-gpt-auto-generator
    systemd-hibernate-resume-generator systemd-integritysetup-generator systemd-rc-local-generator
    systemd-ssh-generator systemd-tpm2-generator systemd-import-generator
    systemd-factory-reset-generator systemd-run-generator systemd-system-update-generator
    systemd-sysv-generator systemd-veritysetup-generator
""".split()

FILES = {
    "etc/fstab": "",
    # A real run takes a minute under emulation: cases about it set yes.
    "etc/initramfs-tools/update-initramfs.conf": "update_initramfs=no\n",
    "etc/hostname": "bench\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/.updated": "",
    "var/.updated": "",
}


class Image:
    """disk is a raw ext4 image, tree the directory that it was made from."""

    def __init__(self, top):
        self.top = top
        self.disk = top / "disk.raw"
        self.tree = top / "tree"


def get(store, base, layers, programs, style="trimmed", packages=None):
    """The image from the cache; made first if anything in it has changed, which takes a few
    seconds.

    layers is [(directory, place)], copied over the base; style is trimmed, plain (as users have it) or full (see full.py);
    packages is the directory with lpd's, which are installed."""
    below = full.tree(store, base) if style == "full" else base.tree
    origin = below.parent if style == "full" else base.top
    parts = [Path(__file__), GUEST, TRIMMED, origin, programs.top, *(part for part, _ in layers)]
    parts += [packages, *lpd.PACKAGES] if packages else []
    kind = {"trimmed": "image", "plain": "plain", "full": "untrimmed"}[style]
    return Image(store.entry(f"{kind}-{base.suite.name}", cache.digest(*parts),
                             lambda top: _build(top, below, layers, programs, style, packages)))


def _build(top, below, layers, programs, style, packages):
    tree = top / "tree"
    copy_to_change(below, tree)
    for name, text in FILES.items():
        (tree / name).unlink(missing_ok=True)
        (tree / name).write_text(text)
    if packages:
        _install(tree, packages)
    for directory, place in layers:
        _lay_over(directory, tree / place)
    _lay_over(GUEST, tree)
    if style == "trimmed":
        _trim(tree)
    for program in programs.of_machine():
        _lay_over(program, tree / f"usr/lib/bench-{program.name}")
    (tree / "var/log/journal").mkdir(exist_ok=True)
    run("systemctl", "--root", tree, "--quiet", "enable", "bench-agent.service")
    run("mke2fs", "-q", "-t", "ext4", "-L", "root", "-E", "lazy_itable_init=1", "-d", tree,
        top / "disk.raw", SIZE)


def _install(tree, packages):
    """Installs lpd's packages as an administrator would."""
    files = [shutil.copy(packages / f"{name}.deb", tree / "tmp") for name in lpd.PACKAGES]
    run_in(tree, "dpkg", "-i", *(f"/tmp/{Path(path).name}" for path in files), DEBIAN_FRONTEND="noninteractive",
           LC_ALL="C.UTF-8")
    for path in files:
        Path(path).unlink()


def _trim(tree):
    _lay_over(TRIMMED, tree)
    for name in DROPPED:
        (tree / name).unlink(missing_ok=True)
    _mask(tree / "etc/systemd/system", MASKED)
    _mask(tree / "etc/systemd/system-generators", MASKED_GENERATORS)


def _mask(directory, names):
    directory.mkdir(exist_ok=True)
    for name in names:
        (directory / name).unlink(missing_ok=True)
        (directory / name).symlink_to("/dev/null")


def _lay_over(source, target):
    """Copies into a tree whose files are hard links to another tree: never writes through a
    link."""
    run("cp", "-rPT", "--preserve=mode,links,timestamps", "--remove-destination", source, target)
