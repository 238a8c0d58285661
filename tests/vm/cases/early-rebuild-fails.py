# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tool that builds an initramfs fails, dies or cannot be run: lpctl says so with exit status 1,
the change itself stays, and the image of the other kernel is still built."""

MACHINES = ("12/6.1",)   # it has two kernels

TOOL = "/usr/sbin/update-initramfs"
HINT = "the change itself is done; rebuild the image: "


def case(m):
    m.boot()
    other = next(k for k in m.ok("ls /usr/lib/modules").split() if k != m.kernel)
    m.write(TOOL, "#!/bin/sh\necho on standard output\nexit 3\n", mode=0o755)
    command = f"update-initramfs -u -k {m.kernel}"
    value = fails(m, f"install --no-load --stage=initrd {m.patch('lp-version')}",
                  f"{command} failed with status 3, so the initramfs for {m.kernel} is outdated")
    m.equal("what was changed", value["changed"], True)
    m.equal("the images", value["initramfs"], [image(m.kernel, False)])
    m.ok(f"ls /etc/lpd/patches.d/lp-version.conf /var/lib/lpd/modules/{m.kernel}/lp-version.ko")
    m.sees("lpctl status", f"the initramfs for {m.kernel} lacks lp-version; run {command}\n")
    # A command that changes nothing rebuilds no image.
    m.ok("lpctl enable lp-version")

    m.write(TOOL, "#!/bin/sh\nkill -9 $$\n", mode=0o755)
    fails(m, "disable lp-version",
          f"{command} failed with signal 9, so the initramfs for {m.kernel} is outdated")
    m.equal("that it is disabled", m.state("lp-version"), "disabled")
    m.ok(f"chmod 644 {TOOL}")
    fails(m, "enable lp-version", f"cannot run {TOOL}: Permission denied")
    m.equal("that it is disabled", m.state("lp-version") == "disabled", False)
    m.write(TOOL, "#!/nonexistent\n", mode=0o755)
    said = m.fails("lpctl disable lp-version", exit=1,
                   says=f"lpctl: cannot run {TOOL}: No such file or directory\n")
    m.contains("the text", said, f"initramfs for {m.kernel}: could not be rebuilt\n")
    m.contains("the text", said, HINT + command)
    m.ok("lpctl -q --no-rebuild enable lp-version")

    each_kernel(m, other)


def each_kernel(m, other):
    """A failed image does not stop the other one, whichever fails. Of two failures the first is
    reported, and the failure of the change itself before both."""
    m.ok(f"lpctl install -q --no-rebuild --kernel={other} /patches/{other}/lp-version.ko")
    m.write(TOOL, "#!/bin/sh\nexit 4\n", mode=0o755)
    value = fails(m, "disable lp-version", "failed with status 4")
    first = value["initramfs"][0]["kernel"]
    m.contains("the error", value["error"]["message"], f"-k {first} failed")
    m.ok("lpctl -q enable --no-rebuild lp-version")
    for broken in (m.kernel, other):
        m.write(TOOL, f'#!/bin/sh\necho "$@" >>/run/asked\n[ "$3" != {broken} ]\n', mode=0o755)
        m.ok("rm -f /run/asked")
        value = fails(m, "disable lp-version", f"-k {broken} failed with status 1")
        m.equal("the images", sorted(value["initramfs"], key=kernel_of),
                [image(k, k != broken) for k in sorted((m.kernel, other))])
        m.equal("what was asked", sorted(m.ok("cat /run/asked").splitlines()),
                sorted(f"-u -k {k}" for k in (m.kernel, other)))
        m.ok("lpctl -q enable --no-rebuild lp-version")
    value = fails(m, "disable lp-version nosuch", "nosuch", status=3)
    m.equal("the images", sorted(value["initramfs"], key=kernel_of),
            [image(k, k != other) for k in sorted((m.kernel, other))])
    m.ok("lpctl -q remove --no-rebuild lp-version")
    m.fails("lpctl status lp-version", exit=3)


def kernel_of(o):
    return o["kernel"]


def image(kernel, done):
    return {"kernel": kernel, "command": f"update-initramfs -u -k {kernel}", "done": done,
            "message": "rebuilt" if done else "could not be rebuilt"}


def fails(m, command, message, status=1):
    value = m.json(f"lpctl --json=short {command}", exit=status)
    m.contains("the error", value["error"]["message"], message)
    m.equal("the exit status", value["error"]["exitStatus"], status)
    if status == 1:
        m.contains("the hint", value["error"]["hint"] or "", HINT + "update-initramfs -u -k ")
    return value
