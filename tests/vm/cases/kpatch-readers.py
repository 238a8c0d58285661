# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packages and programs that were written for kpatch work with lpd's: the scriptlets of RHEL's kpatch-patch,
of Azure Linux's livepatch and of Meta's klp, by rpm, from the first installation through an update, a
downgrade and reboots to removal; Cockpit and insights read the list at each step."""

from bench import renamed, rpms

LINE = "kpatch-6_1_0-49"     # RHEL's name of all patches for one kernel
AZURE = "livepatch_6_1_0_49_1_0_0"
META = "klp_hotfix"

# Files have RHEL's names with dashes, %postun runs at an update too, and only the loader's list says
# what is loaded.
RHEL_SPEC = """
Name: kpatch-patch-6_1_0-49
Version: 1
Release: {number}
Summary: Live patch
License: GPLv2
%global __os_install_post %{{nil}}
%description
Live patch.
%install
install -D -m 755 %{{_sourcedir}}/{file} %{{buildroot}}/usr/lib/kpatch/{kernel}/{file}
%files
/usr/lib/kpatch
%post -p /bin/bash
/usr/sbin/kpatch install -k {kernel} /usr/lib/kpatch/{kernel}/{file}
chcon -t modules_object_t /var/lib/kpatch/{kernel}/{file}
sync
if [[ {kernel} = $(uname -r) && "$LEAPP_IPU_IN_PROGRESS" != "8to9" ]]; then
    own=1_{number}
    line=$(echo kpatch_6_1_0-49 | sed 's/-/_/')
    last=$({{ /usr/sbin/kpatch list | sed -nr "s/^${{line}}_([0-9_]+)\\ \\[enabled\\]$/\\1/p"; echo $own; }} | sort -V | tail -1)
    if [ "$last" != "$own" ]; then
        echo "WARNING: ${{line}}_$last is loaded and newer"
    else
        /usr/sbin/kpatch load {file}
    fi
fi
exit 0
%postun -p /bin/bash
/usr/sbin/kpatch uninstall -k {kernel} {file}
sync
exit 0
"""

# Loads the package's own file before it installs it, and asks the list before each step.
AZURE_SPEC = """
Name: livepatch-6.1.0-49
Version: 1.0.0
Release: {number}
Summary: Live patch
License: MIT
%global __os_install_post %{{nil}}
%define here [[ -f {path} && $(uname -r) == {kernel} ]]
%define installed kpatch list | grep -qP "{name}.*{kernel}"
%define loaded kpatch list | grep -qP "{name}.*enabled"
%define load_it if %here && ! %loaded; then kpatch load {path}; fi
%define install_it if %here && ! %installed; then kpatch install {path}; fi
%define uninstall_it if %installed; then kpatch uninstall {name}; fi
%define unload_it if %loaded; then kpatch unload {name}; fi
%description
Live patch.
%install
install -D -m 744 %{{_sourcedir}}/{name}.ko %{{buildroot}}/{path}
%post -p /bin/bash
%load_it
%install_it
%preun -p /bin/bash
%uninstall_it
%unload_it
%triggerin -p /bin/bash -- kernel = 6.1.0-49
%load_it
%install_it
%triggerin -p /bin/bash -- kernel > 6.1.0-49, kernel < 6.1.0-49
%uninstall_it
%files
/usr/lib/livepatching
"""

META_SPEC = """
Name: klp
Version: 1
Release: {number}
Summary: Live patch
License: GPLv2
%global __os_install_post %{{nil}}
%description
Live patch.
%install
install -D %{{_sourcedir}}/{name}.ko %{{buildroot}}/var/lib/kpatch/{kernel}/{name}.ko
%post
kpatch load --all
%files
/var/lib/kpatch/{kernel}/{name}.ko
"""

KERNEL_SPEC = """
Name: kernel
Version: 6.1.0
Release: {number}
Summary: A kernel
License: GPLv2
%description
A kernel.
%files
"""

# A kernel without SELinux has no labels to change: only whether the file is there.
CHCON = """#!/bin/sh
test "$1 $2" = "-t modules_object_t" && test -f "$3" && echo "$3" >>/run/labelled
"""


def case(m):
    m.boot()
    rpms.give(m)
    m.write("/usr/local/bin/chcon", CHCON, mode=0o755)
    m.write_all("/root", dict(packages(m)))
    m.ok("ln -sf /usr/local/bin/chcon /usr/bin/chcon")
    rhel(m)
    azure(m)
    meta(m)


def packages(m):
    """(file name, package) of each."""
    for number, source in ((1, "lp-cumul-1"), (2, "lp-cumul-2")):
        file, name = f"{LINE}-1-{number}.ko", f"{AZURE}_{number}"
        yield f"rhel-{number}.rpm", package(m, RHEL_SPEC, source, file=file, number=number)
        yield f"azure-{number}.rpm", package(m, AZURE_SPEC, source, file=f"{name}.ko", number=number, name=name,
                                             path=f"/usr/lib/livepatching/{m.kernel}/{name}.ko")
        yield f"meta-{number}.rpm", package(m, META_SPEC, source, file=f"{META}{number}.ko", number=number,
                                            name=f"{META}{number}")
    yield "kernel-50.rpm", rpms.build(KERNEL_SPEC.format(number=50), {})
    yield "kernel-49.rpm", rpms.build(KERNEL_SPEC.format(number=49), {})


def package(m, spec, source, file, **facts):
    module = renamed.rename(m.patch_bytes(source), source, file.removesuffix(".ko"))
    return rpms.build(spec.format(kernel=m.kernel, file=file, **facts), {file: module})


def rpm(m, *arguments):
    """What rpm and the scriptlets say; none of them may fail."""
    output = m.ok(f"cd /root && {rpms.RPM} {' '.join(arguments)} 2>&1")
    m.equal("the failed scriptlets", [line for line in output.splitlines() if "scriptlet" in line], [])
    return output


def lists(m, loaded, installed):
    """The list as Cockpit (kpatch.tsx) and insights (kpatch_list.py) read it, and the directory
    (kpatch_patches.py)."""
    text = m.ok("LC_MESSAGES=C kpatch list")
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    m.equal("the headings", [block[0] for block in blocks], ["Loaded patch modules:", "Installed patch modules:"])
    m.equal("the words of each line", {len(line.split()) for block in blocks for line in block[1:]} - {2}, set())
    m.equal("what is loaded", blocks[0][1:], [f"{name} [enabled]" for name in loaded])
    m.equal("what is installed", blocks[1][1:], [f"{name.replace('-', '_')} ({m.kernel})" for name in installed])
    m.equal("its directory", m.ok(f"ls /var/lib/kpatch/{m.kernel}/ 2>/dev/null || true").split(),
            [f"{name}.ko" for name in installed])


def rhel(m):
    first, second = f"{LINE}-1-1", f"{LINE}-1-2"
    old, new = (name.replace("-", "_") for name in (first, second))
    m.contains("rpm", rpm(m, "-i rhel-1.rpm"), f"loading patch module: /var/lib/kpatch/{m.kernel}/{first}.ko")
    lists(m, [old], [first])
    m.contains("rpm", rpm(m, "-U rhel-2.rpm"), f"uninstalling {first}.ko ({m.kernel})")
    m.equal("the labels", m.ok("cat /run/labelled").split(),
            [f"/var/lib/kpatch/{m.kernel}/{name}.ko" for name in (first, second)])
    lists(m, [new], [second])
    m.reboot()
    lists(m, [new], [second])
    m.sees("cat /proc/loadavg", "live patched")

    m.contains("rpm", rpm(m, "-U --oldpackage rhel-1.rpm"), f"WARNING: {new} is loaded and newer")
    lists(m, [new], [first])
    m.contains("rpm", rpm(m, "-e kpatch-patch-6_1_0-49"), f"uninstalling {first}.ko")
    lists(m, [new], [])
    m.ok("kpatch unload --all")


def azure(m):
    old, new = f"{AZURE}_1", f"{AZURE}_2"
    output = rpm(m, "-i azure-1.rpm")
    m.contains("rpm", output, f"loading patch module: /usr/lib/livepatching/{m.kernel}/{old}.ko")
    m.contains("rpm", output, f"installing /usr/lib/livepatching/{m.kernel}/{old}.ko ({m.kernel})")
    lists(m, [old], [old])
    m.contains("rpm", rpm(m, "-U azure-2.rpm"), f"uninstalling {old}")
    lists(m, [new], [new])
    # Another kernel is to boot: this patch stays loaded, and is not for that one. It comes back with its kernel.
    m.contains("rpm", rpm(m, "-i kernel-50.rpm"), f"uninstalling {new}")
    lists(m, [new], [])
    m.contains("rpm", rpm(m, "-i --oldpackage kernel-49.rpm"), f"installing /usr/lib/livepatching/{m.kernel}/{new}.ko")
    lists(m, [new], [new])
    output = rpm(m, "-e livepatch-6.1.0-49")
    m.contains("rpm", output, f"uninstalling {new} ({m.kernel})\ndisabling patch module: {new}")
    lists(m, [], [])
    m.ok(f"test ! -e /sys/module/{new}")


def meta(m):
    m.contains("rpm", rpm(m, "-i meta-1.rpm"), f"loading patch module: /var/lib/kpatch/{m.kernel}/{META}1.ko")
    lists(m, [f"{META}1"], [f"{META}1"])
    # Both files are there while the new one's %post runs.
    m.contains("rpm", rpm(m, "-U meta-2.rpm"), f"loading patch module: /var/lib/kpatch/{m.kernel}/{META}2.ko")
    lists(m, [f"{META}2"], [f"{META}2"])
    rpm(m, "-e klp")
    lists(m, [f"{META}2"], [])
