# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd's packages in a root of their own: what they install, and what is left when they are gone."""

import hashlib
import lzma
import re
import shutil
import tempfile
from pathlib import Path

from . import lpd, packages, patches, suites
from .chroot import copy_to_change, run_in
from .command import run
from .qemu import Failed

ALL = lpd.PACKAGES
CONFIG = {"/etc/kernel/postinst.d/lpd", "/etc/kernel/postrm.d/lpd"}

# What dpkg and other packages' triggers write.
NOT_OURS = re.compile(r"/(var/lib/dpkg|var/log|var/cache|var/lib/systemd/catalog|boot|dev|proc|sys|run|tmp)/"
                      r"|/var/lib/systemd/deb-systemd-helper-enabled/$|/etc/ld.so.cache$")

UNITS = {"lpd.service": "enabled", "livepatch.target": "static", "livepatch@.service": "static",
         "lpd-bless.service": "static", "lpd-early.service": "static", "lpd-ledger.service": "disabled", "lpd-guard.service": "static", "lpd-initrd.service": "disabled",
         "lpd-lock.service": "static", "lpd-lock-modules.service": "static", "lpd-seal.service": "static", "lpd-overrides.service": "static",
         "lpd-metrics.service": "static", "lpd-metrics.timer": "disabled",
         "lpd-apply.service": "static", "lpd-extensions.service": "static",
         "lpd-volume.service": "disabled", "run-lpd-sysfs.mount": "static", "kpatch.service": "alias"}

FILES = """
    /usr/bin/lpctl /usr/sbin/lpctl /usr/lib/lpd/lpd /usr/lib/lpd/lpd-modules /usr/lib/lpd/lpd-parser
    /usr/lib/lpd/lpd-volume /usr/lib/lpd/lpd-ledger /usr/sbin/kpatch /usr/lib/lpd/lpd.conf.d/50-kpatch.conf
    /usr/lib/systemd/system-generators/lpd-generator
    /usr/lib/systemd/system-preset/90-lpd.preset /usr/lib/systemd/catalog/lpd.catalog
    /usr/lib/tmpfiles.d/lpd.conf /usr/lib/kernel/install.d/95-lpd.install
    /usr/share/bash-completion/completions/lpctl /usr/share/zsh/vendor-completions/_lpctl
    /etc/kernel/postinst.d/lpd /etc/kernel/postrm.d/lpd
    /usr/share/initramfs-tools/hooks/lpd /usr/share/initramfs-tools/scripts/init-top/lpd
    /usr/share/initramfs-tools/scripts/init-premount/lpd /usr/lib/dracut/modules.d/50lpd/module-setup.sh
    /usr/lib/dracut/modules.d/50lpd/lpd.sh /usr/lib/dracut/modules.d/50lpd/lpd-volume.sh
    /var/lib/lpd/modules
""".split()

MAN = """
    man5/lpd.conf.5 man5/lpd.patch.5 man7/lpd-guide.7 man7/lpd-troubleshooting.7 man8/lpctl.8
    man8/lpd-generator.8 man8/lpd.8
""".split()


def test(store, base):
    """(passed, failed, messages about the failed ones)."""
    made = packages.get(store, base)
    good, said = 0, []
    with tempfile.TemporaryDirectory(dir=store.top) as name:
        bed = Bed(store, base, made, Path(name))
        for check in CHECKS:
            try:
                check(bed)
                good += 1
            except (Failed, SystemExit) as problem:
                said.append(f"{check.__name__}: {problem}")
    return good, len(said), said


class Bed:
    """A fresh root of that release, in which no program is started, and what the checks need."""

    def __init__(self, store, base, made, scratch):
        self.store, self.base, self.made, self.scratch = store, base, made, scratch
        self.root = scratch / "root"
        copy_to_change(base.tree, self.root)
        config = self.root / "etc/initramfs-tools/update-initramfs.conf"
        config.unlink(missing_ok=True)
        config.write_text("update_initramfs=no\n")
        self.before = self.files()

    def sh(self, command):
        return run_in(self.root, "sh", "-c", command, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")

    def dpkg(self, *arguments):
        """Runs dpkg in the root, with packages as files of the host."""
        words = []
        for argument in arguments:
            if isinstance(argument, Path):
                shutil.copy(argument, self.root / "tmp")
                argument = f"/tmp/{argument.name}"
            words.append(argument)
        return self.sh(f"dpkg {' '.join(words)}")

    def files(self):
        """The paths that are in the root, but for those that are not lpd's to write."""
        lines = run("find", self.root, "-mindepth", "1", "-printf", "/%P%y\n").splitlines()
        paths = {f"{line[:-1]}/" if line[-1] == "d" else line[:-1] for line in lines}
        return {path for path in paths if not NOT_OURS.match(path)}

    def is_enabled(self, unit):
        return self.sh(f"systemctl is-enabled {unit} || true").strip()


def _equal(what, found, wanted):
    if found != wanted:
        raise Failed(f"{what} is {found!r}, not {wanted!r}")


def lintian_is_silent(bed):
    """On a host of that release, whose lintian knows its policy: also about the source package."""
    if bed.base.suite.codename != suites.of_host():
        return
    directory = bed.scratch / "lintian"
    directory.mkdir()
    run("sh", "-c", 'git ls-files -z | tar -c --null -T - | tar -x -C "$1"', "sh",
        _made_directory(directory / "lpd"), cwd=lpd.TOP)
    run("dpkg-source", "-b", "lpd", cwd=directory)
    said = run("lintian", "--allow-root", "--info", "--display-info", "--pedantic", "--fail-on=none",
               *directory.glob("*.dsc"), *bed.made.glob("*.deb"))
    _equal("what lintian says", "\n".join(line for line in said.splitlines() if not line.startswith("N:")), "")


def _made_directory(path):
    path.mkdir()
    return path


def they_install(bed):
    bed.dpkg("-i", *(bed.made / f"{name}.deb" for name in ALL))
    there = {path.rstrip("/") for path in bed.files() - bed.before}
    _equal("what is missing", [name for name in FILES if name not in there], [])
    _equal("the state of the units", {unit: bed.is_enabled(unit) for unit in UNITS}, UNITS)
    _equal("what the presets say", bed.sh("systemctl preset lpd.service && systemctl is-enabled lpd"), "enabled\n")
    _equal("lpctl", bed.sh("lpctl --version").split()[1], _version(bed.made / "lpd.deb"))
    _equal("the catalog", "lpd" in bed.sh("journalctl --list-catalog f0bf66904b2b42b5a4caa0fc23190856"), True)
    pages = run("dpkg-deb", "-c", bed.made / "lpd.deb")
    _equal("missing pages", [page for page in MAN if f"/usr/share/man/{page}.gz" not in pages], [])


def _version(package):
    return run("dpkg-deb", "-f", package, "Version").strip()


def the_autopkgtest_passes(bed):
    """The one that needs no machine; tests/soak/autopkgtest runs the other one."""
    shutil.copy(lpd.TOP / "debian/tests/container", bed.root / "tmp")
    bed.sh("AUTOPKGTEST_TMP=/tmp /tmp/container")


def an_upgrade_keeps_what_the_administrator_decided(bed):
    bed.sh("systemctl disable lpd.service; mkdir -p /etc/lpd/patches.d; touch /etc/lpd/lpd.conf "
           "/etc/lpd/patches.d/x.conf /var/lib/lpd/modules/x; echo '# mine' >>/etc/kernel/postinst.d/lpd")
    bed.dpkg("--force-confold", "-i", *(packages.newer(bed.made / f"{name}.deb", bed.scratch) for name in ALL))
    _equal("the unit", bed.is_enabled("lpd.service"), "disabled")
    _equal("the hook", bed.sh("tail -n 1 /etc/kernel/postinst.d/lpd"), "# mine\n")
    bed.sh("test -e /var/lib/lpd/modules/x; test -e /etc/lpd/patches.d/x.conf")


def an_upgrade_stops_no_patch(bed):
    """The maintainer scripts start, restart and stop the monitor alone."""
    for script in ("preinst", "postinst", "prerm", "postrm"):
        text = bed.sh(f"cat /var/lib/dpkg/info/lpd.{script} 2>/dev/null || true")
        units = set(re.findall(r"[\w@-]+\.(?:service|target|mount)\b", text))
        _equal(f"the units in {script}", units - {"lpd.service"}, set())
    _equal("what stops before an upgrade", re.findall(r"if .*invoke stop", bed.sh(
        "tr '\\n' ' ' </var/lib/dpkg/info/lpd.prerm | sed 's/\\[ \"$1\" = remove \\].*//'")), [])


def removal_keeps_the_configuration(bed):
    bed.dpkg("-r", "lpd-initramfs", "lpd-dracut", "lpd-kpatch", "lpd")
    left = {path for path in bed.files() - bed.before if not path.endswith("/")}
    # By deb-systemd-helper, which deletes them at the purge.
    left = {path for path in left if not path.startswith("/var/lib/systemd/deb-systemd-helper-enabled/")}
    _equal("what is left", left, CONFIG | {"/etc/lpd/lpd.conf", "/etc/lpd/patches.d/x.conf",
                                           "/var/lib/lpd/modules/x"})


def purge_leaves_nothing(bed):
    bed.dpkg("-P", *ALL)
    now = bed.files()
    _equal("what is left", now - bed.before, set())
    _equal("what is gone", bed.before - now, set())


def a_patch_package_needs_ten_lines(bed):
    """dh_lpd: modules by kernel, the manifest, a pin, and no maintainer scripts."""
    modules = patches.get(bed.store, bed.base)
    releases = sorted(kernel.release for kernel in bed.base.kernels.values())
    files = {f"{release}/fix-nft.ko": (modules / release / "lp-cmdline.ko").read_bytes() for release in releases}
    said = packages.build_example(bed.store, bed.base, bed.made, bed.scratch, files)
    _equal("the warning", "fix-nft.ko is not signed" in said, True)
    package = bed.scratch / "livepatch-fix-nft.deb"
    listed = {line.split()[5][1:] for line in run("dpkg-deb", "-c", package).splitlines() if line[0] != "d"}
    ours = {path for path in listed if "/usr/share/doc/" not in path}
    _equal("its files", ours, {f"/usr/lib/lpd/modules/{release}/fix-nft.ko" for release in releases} |
           {"/usr/lib/lpd/patches.d/fix-nft.conf", "/usr/lib/lpd/patches.d/fix-nft.conf.d/pin.conf"})
    _equal("its control files", _control_files(package), {"control", "md5sums"})
    _equal("its dependencies", run("dpkg-deb", "-f", package, "Depends").strip(), "lpd")


def another_patch_package_is_as_right(bed):
    """A packed module with the kernel's spelling, and a manifest with Stage=initrd."""
    release = bed.base.kernels[min(bed.base.kernels)].release
    module = (patches.get(bed.store, bed.base) / release / "lp-cmdline.ko").read_bytes()
    packages.build_example(bed.store, bed.base, bed.made, bed.scratch, {
        f"{release}/fix_nft.ko.xz": lzma.compress(module, check=lzma.CHECK_CRC32),
        "fix-nft.conf": b"[Patch]\nStage=initrd\n",
        "debian/livepatch-fix-nft.lpd": b"*/fix_nft.ko.xz\nfix-nft.conf\n"}, version=2)
    package, tree = bed.scratch / "livepatch-fix-nft.deb", bed.scratch / "fix-nft"
    run("dpkg-deb", "-x", package, tree)
    _equal("the module is packed", (tree / f"usr/lib/lpd/modules/{release}/fix_nft.ko.xz").is_file(), True)
    pin = (tree / "usr/lib/lpd/patches.d/fix-nft.conf.d/pin.conf").read_text()
    _equal("the pin", pin.splitlines()[1:],
           [f"[Kernel:{release}]", f"SHA256={hashlib.sha256(module).hexdigest()}"])
    _equal("its control files", _control_files(package), {"control", "md5sums", "triggers"})


def a_module_that_is_no_patch_is_refused(bed):
    release = bed.base.kernels[min(bed.base.kernels)].release
    module = (patches.get(bed.store, bed.base) / release / "stall-target.ko").read_bytes()
    try:
        packages.build_example(bed.store, bed.base, bed.made, bed.scratch, {f"{release}/fix-nft.ko": module})
    except SystemExit as failure:
        _equal("the reason", f"{release}/fix-nft.ko is not a live patch" in str(failure), True)
        return
    raise Failed("dh_lpd has taken a module that is no live patch")


def _control_files(package):
    with tempfile.TemporaryDirectory() as name:
        run("dpkg-deb", "-e", package, name)
        return {path.name for path in Path(name).iterdir()}


CHECKS = (lintian_is_silent, they_install, the_autopkgtest_passes, an_upgrade_keeps_what_the_administrator_decided,
          an_upgrade_stops_no_patch, removal_keeps_the_configuration, purge_leaves_nothing,
          a_patch_package_needs_ten_lines, another_patch_package_is_as_right,
          a_module_that_is_no_patch_is_refused)
